#include "tracker.h"

#include <windows.h>

int track(int frame)
{
    return static_cast<int>(GetTickCount()) + frame;
}
