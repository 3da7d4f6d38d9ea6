#import <Foundation.h>
