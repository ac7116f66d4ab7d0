# Files and directories below /workspace and /tmp: find, archives, links, modes.
set -euo pipefail
for place in /workspace /tmp; do
  cd "$place"
  mkdir -p tree/a/b
  cat >tree/a/first <<EOF
text of $((6 * 7))
EOF
  cp -p tree/a/first tree/a/b/second
  mv tree/a/first tree/third
  ln -s third tree/link
  ln tree/third tree/fourth
  chmod 600 tree/third
  touch -d 2001-01-01T00:00:00Z tree/third
  dd if=/dev/zero of=tree/a/zeros bs=1K count=100 status=none
  tar -czf tree.tar.gz tree
  rm -r tree
  tar -xzf tree.tar.gz
  find tree -type f -size -10k -printf '%p %s %m\n' | sort
  echo "$(cat tree/link) $(stat -c %Y tree/third) $(du -k tree/a/zeros | cut -f1)"
  rm -r tree tree.tar.gz
done
directory=$(mktemp -d)
[[ $directory == /tmp/* ]] && [[ -w $directory ]] && rmdir "$directory" && echo temporary
