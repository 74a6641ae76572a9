"""Facts about AWS, read from data that AWS publishes: service models, the service index, IAM actions, schemas."""
