"""What machines read about problems and plans: SARIF, JUnit, GitLab's code quality, annotations, outputs."""
