// BuildPlanning
