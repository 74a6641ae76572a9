"""What a test needs: a cloud in this process, its clients, its clock."""
