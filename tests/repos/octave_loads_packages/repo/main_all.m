%% all of it
fit
