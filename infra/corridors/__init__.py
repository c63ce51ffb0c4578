"""Read what corridors are planned for from files, and write down what the planner proposes."""
