#include "base/base64.h"

#include <doctest/doctest.h>

using sb::decode_base64;

TEST_CASE("base64: the vectors of RFC 4648") {
  CHECK(decode_base64("") == "");
  CHECK(decode_base64("Zg==") == "f");
  CHECK(decode_base64("Zm8=") == "fo");
  CHECK(decode_base64("Zm9v") == "foo");
  CHECK(decode_base64("Zm9vYg==") == "foob");
  CHECK(decode_base64("Zm9vYmE=") == "fooba");
  CHECK(decode_base64("Zm9vYmFy") == "foobar");
  CHECK(decode_base64("AP/+gA==") == std::string("\0\xff\xfe\x80", 4));
}

// Red: leave out the test of the bits left over.
TEST_CASE("base64: what decoders read differently is refused") {
  for (const char* text : {"Z", "Zg", "Zg=", "Zm9v=", "Zg==Zg==", "Zm 9v", "Zm9v\n",
                           "Zh==", "Zm9=", "====", "=", "Zg=a", "Zm-_", "Zm9v\xff", "a==="}) {
    CAPTURE(text);
    CHECK_FALSE(decode_base64(text).has_value());
  }
}
