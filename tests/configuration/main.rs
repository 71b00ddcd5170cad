//! What is configured: what does not start and what it says, and what each option does.

// What does not start.
mod refused;
mod secrets;

// What each option does.
mod attributes;
mod apart;

// Where the layer can be put, and what else is in an answer.
mod layers;
mod answers;

// What is shown of it.
mod shown;
