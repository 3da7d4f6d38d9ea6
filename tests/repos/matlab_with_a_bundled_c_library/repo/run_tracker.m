function boxes = run_tracker(name)
% Follows the ridge of the sequence NAME.
boxes = track_ridge(load_frames(name));
end
