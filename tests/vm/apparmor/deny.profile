# deny.bin is this, by `apparmor_parser --ofile deny.bin deny.profile` (4.0): creating a user namespace is
# EACCES. Kernel: mediated since 6.7.
abi <abi/4.0>,
profile vmlab_no_userns {
  allow all,
  deny userns,
}
