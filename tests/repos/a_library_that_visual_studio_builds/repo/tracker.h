int track(int frame);
