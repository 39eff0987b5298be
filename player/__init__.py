"""What a person sees: templates, styles and browser code, with the typed values they are drawn from."""
