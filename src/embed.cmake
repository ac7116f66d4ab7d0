# Writes every profile as one entry of a C++ table: {"name", R"(text)"},
set(text "// Made from profiles/*.toml by embed.cmake.\n")
foreach(path IN LISTS PROFILES)
  get_filename_component(name "${path}" NAME_WE)
  file(READ "${path}" content)
  string(APPEND text "{\"${name}\", R\"profile(${content})profile\"},\n")
endforeach()
file(WRITE "${OUTPUT}" "${text}")
