"""How far each patient has come: a second pure calculation over what is declared, live and recorded."""
