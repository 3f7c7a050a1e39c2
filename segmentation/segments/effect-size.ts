/** Customers at which half of an effect is believed. */
const dampingCustomers = 10;

/**
 * A difference of means in standard deviations (after Cohen 1988: 0.2 small, 0.5 medium, 0.8 large), damped by n / (n + 10). Not finite where nothing
 * is known or all customers are alike.
 */
export function dampedEffect(difference: number, deviation: number, customers: number): number {
  return (difference / deviation) * (customers / (customers + dampingCustomers));
}
