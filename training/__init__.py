"""The stations that build, train, measure, publish and retrain."""
