pub fn name() -> String {
    ["part"; 2].join(" ")
}

#[test]
fn name_is_twice_the_word() {
    assert_eq!(name(), "part part");
}
