#include <iostream>
#include <vector>

int main()
{
    std::vector<bool> composite(100);
    for (unsigned n = 2; n < composite.size(); ++n) {
        if (!composite[n]) std::cout << n << '\n';
        for (unsigned m = n * n; m < composite.size(); m += n) composite[m] = true;
    }
}
