#import "Crypto.h"
