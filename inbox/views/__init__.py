"""The pages of the inbox: function views, one page each with its fragment."""
