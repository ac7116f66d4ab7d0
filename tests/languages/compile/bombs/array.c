// An object of sixteen gibibytes.
char array[1L << 34] = {1};
int main(void) { return array[0]; }
