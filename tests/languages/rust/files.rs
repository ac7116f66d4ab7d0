// Files and directories below /workspace and /tmp.
use std::fs;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{symlink, PermissionsExt};
use std::path::Path;

fn main() -> std::io::Result<()> {
    for place in ["/workspace", "/tmp"] {
        let tree = Path::new(place).join("tree");
        fs::create_dir_all(tree.join("a/b"))?;
        let mut file = fs::OpenOptions::new().read(true).write(true).create_new(true).open(tree.join("a/first"))?;
        file.write_all(b"text\n")?;
        file.sync_all()?;
        file.seek(SeekFrom::Start(0))?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        fs::copy(tree.join("a/first"), tree.join("a/b/second"))?;
        fs::rename(tree.join("a/first"), tree.join("third"))?;
        fs::hard_link(tree.join("third"), tree.join("fourth"))?;
        symlink("third", tree.join("link"))?;
        fs::set_permissions(tree.join("third"), fs::Permissions::from_mode(0o400))?;
        let mut names: Vec<_> = fs::read_dir(&tree)?.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        println!("{place}: {}, {}, {}", text.trim(), names.join(" "), fs::metadata(tree.join("link"))?.len());
        fs::remove_dir_all(&tree)?;
    }
    Ok(())
}
