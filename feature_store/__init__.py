"""What a feature vector is, how a store of them is built, and how one is looked up."""
