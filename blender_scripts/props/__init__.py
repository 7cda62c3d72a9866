"""What scenes are furnished with: props, the surfaces they stand on, plants, buildings' parts and daylight."""
