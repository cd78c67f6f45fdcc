"""Training of the default bundle: synthetic pairs, SpatialNet, TemporalNet, SmoothNet, evaluation, export."""
