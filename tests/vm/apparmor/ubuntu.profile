# ubuntu.bin is this, by `apparmor_parser --ofile ubuntu.bin ubuntu.profile` (3.0): as under Ubuntu's
# kernel.apparmor_restrict_unprivileged_userns, a user namespace can be made and has no capability.
abi <abi/3.0>,
profile vmlab_ubuntu flags=(attach_disconnected) {
  file, mount, umount, pivot_root, remount,
  network, signal, ptrace, unix, dbus,
  change_profile,
  deny capability,
}
