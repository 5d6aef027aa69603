/** Where the API answers; empty is where the page came from. A page served elsewhere names it. */
export const API = "";
