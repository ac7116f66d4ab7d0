// Files and directories below /workspace and /tmp.
package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

func must(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func main() {
	for _, place := range []string{"/workspace", "/tmp"} {
		tree := filepath.Join(place, "tree")
		must(os.MkdirAll(filepath.Join(tree, "a", "b"), 0o755))
		must(os.WriteFile(filepath.Join(tree, "a", "first"), []byte("text\n"), 0o644))
		must(os.Rename(filepath.Join(tree, "a", "first"), filepath.Join(tree, "third")))
		must(os.Symlink("third", filepath.Join(tree, "link")))
		must(os.Link(filepath.Join(tree, "third"), filepath.Join(tree, "fourth")))
		must(os.Chmod(filepath.Join(tree, "third"), 0o600))
		must(os.Truncate(filepath.Join(tree, "fourth"), 4))
		text, err := os.ReadFile(filepath.Join(tree, "link"))
		must(err)
		var names []string
		must(filepath.WalkDir(tree, func(path string, _ fs.DirEntry, err error) error {
			names = append(names, filepath.Base(path))
			return err
		}))
		fmt.Printf("%s: %s, %s\n", place, text, strings.Join(names, " "))
		must(os.RemoveAll(tree))
	}
	file, err := os.CreateTemp("", "name")
	must(err)
	fmt.Println("temporary", filepath.Dir(file.Name()))
}
