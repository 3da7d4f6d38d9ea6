#include <stdio.h>

int main(void)
{
    puts("Usage: train [options] training_set_file [model_file]");
    return 1;
}
