// Includes itself twice at each of 199 levels.
#if __INCLUDE_LEVEL__ < 199
#include "include.c"
#include "include.c"
#endif
