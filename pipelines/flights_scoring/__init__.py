"""Predictions for a day's flights, by the model that the daily pipeline has pushed last."""
