/* A library that cannot be loaded: nothing defines MISSING. */
int MISSING(void);
int call_it(void);
int call_it(void) { return MISSING(); }
