"""What people read of grades: tables to export, and where an assignment stands."""
