int verbose;
unsigned long sum_of(const char *path);
void be_loud(void);
