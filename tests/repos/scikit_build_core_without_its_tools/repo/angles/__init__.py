from angles._angles import degrees
