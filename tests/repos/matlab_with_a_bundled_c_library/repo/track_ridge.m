function boxes = track_ridge(frames)
boxes = zeros(numel(frames), 4);
end
