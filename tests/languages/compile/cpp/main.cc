#include <iostream>
#include <map>
#include <regex>
#include <thread>

#include "part.h"

int main() {
  std::string text;
  std::thread([&] { text = joined({"forty", "-", "two"}); }).join();
  std::cout << std::regex_replace(text, std::regex("f(.*)"), "F$1") << "\n";
}
