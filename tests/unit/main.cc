// The main function of the unit tests: doctest's own, with nothing added.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
