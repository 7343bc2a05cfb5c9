/** How a tag is written. Apart from the schemas, for those who read words that a person typed. */
export const tagPattern = /^#[a-z0-9]([a-z0-9-]{0,62})$/;
