"""How good engines are at what they are for: recommending what a listener listened to next."""
