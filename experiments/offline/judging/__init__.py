"""What may be said of an estimate: verdict, recommendation, requirements, audit."""
