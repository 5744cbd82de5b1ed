"""What a user takes home: pictures, tables, and the run over many photographs."""
