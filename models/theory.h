/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * theory -- what queueing theory knows without simulating: exact values for simple
 * queues, bounds for all of them. The oracle of tests and summaries.
 *
 * Units:   times in s, rates in 1/s, loads in erlang (= mean number in service).
 * Letters: lambda arrival rate, S service time, mu = 1/E[S], c servers, a = lambda/mu
 *          offered load, rho = a/c utilisation, K places, N users, Z think time.
 * Errors:  arguments out of range are errors of ours (check). A queue whose load it
 *          cannot carry waits INFINITY; that is an answer.
 * Threads: all functions are pure.
 *
 * Sources, by the marks below:
 *   [Kle] L. Kleinrock, Queueing Systems, volume 1: Theory, Wiley 1975
 *   [HB]  M. Harchol-Balter, Performance Modeling and Design of Computer Systems,
 *         Cambridge 2013
 *   [LZGS] E. Lazowska, J. Zahorjan, G. S. Graham, K. Sevcik, Quantitative System
 *         Performance, Prentice-Hall 1984
 *   [Kin] J. Kingman, Inequalities in the theory of queues, J. R. Statist. Soc. B 32
 *         (1970) 102-110
 *   [RL]  M. Reiser, S. Lavenberg, Mean-value analysis of closed multichain queueing
 *         networks, J. ACM 27 (1980) 313-322
 */
#ifndef MODELS_THEORY_H
#define MODELS_THEORY_H

/* ---- loss and delay formulas ----------------------------------------------------- */

/*
 * Erlang B: the fraction of Poisson arrivals that find all c servers busy and are lost
 * (M/G/c/c; only the mean of S matters).
 *     B(0) = 1,  B(c) = a B(c-1) / (c + a B(c-1))                       [Kle, 3.6]
 */
double theory_erlang_b(int servers, double offered_load);

/*
 * Erlang C: the fraction of arrivals of M/M/c that must wait.
 *     C = B / (1 - rho (1 - B)),  1 if rho >= 1                         [Kle, 3.5]
 */
double theory_erlang_c(int servers, double offered_load);

/* ---- M/M/c: Poisson arrivals, exponential service, c servers, one FIFO queue ----- */

struct theory_mmc {
    double arrival_rate; /* lambda, 1/s */
    double service_rate; /* mu, 1/s and server */
    int servers;         /* c */
};

/* E[W] = C / (c mu - lambda)                                        [HB, 14.3] */
double theory_mmc_mean_wait(const struct theory_mmc *queue);

/* E[T] = E[W] + 1/mu */
double theory_mmc_mean_response(const struct theory_mmc *queue);

/* P(W > t) = C exp(-(c mu - lambda) t)                              [Kle, 5.7] */
double theory_mmc_wait_above(const struct theory_mmc *queue, double time);

/*
 * T = W + S, where W is 0 or exponential with rate theta = c mu - lambda:
 *     P(T > t) = exp(-mu t) + C mu exp(-mu t) (1 - exp(-(theta - mu) t)) / (theta - mu)
 * whose last fraction becomes t where theta = mu.  (The sum of two exponentials.)
 */
double theory_mmc_response_above(const struct theory_mmc *queue, double time);

/* The p-quantile of W: ln(C / (1-p)) / (c mu - lambda), 0 where P(W > 0) <= 1-p. */
double theory_mmc_wait_quantile(const struct theory_mmc *queue, double p);

/* The p-quantile of T: the root of P(T > t) = 1-p, by bisection to the last bit. */
double theory_mmc_response_quantile(const struct theory_mmc *queue, double p);

/* ---- M/M/c/K: as M/M/c, but only K places, those in service counted -------------- */

struct theory_loss {
    double lost;          /* fraction of arrivals that find no place */
    double throughput;    /* 1/s, of the accepted */
    double mean_wait;     /* s, of the accepted */
    double mean_response; /* s, of the accepted */
    double mean_busy;     /* servers */
};

/*
 * The birth-death chain p(n+1) = p(n) lambda / (min(n+1, c) mu), n < K: lost = p(K);
 * means by Little's law over the accepted.                              [Kle, 3.4-3.7]
 */
struct theory_loss theory_mmck(const struct theory_mmc *queue, int capacity);

/*
 * The p-quantile of the accepted requests' wait: one that finds n >= c others waits for
 * n-c+1 departures, an Erlang(n-c+1, c mu) time.
 */
double theory_mmck_wait_quantile(const struct theory_mmc *queue, int capacity,
                                 double p);

/* ---- GI/G/c ---------------------------------------------------------------------- */

/*
 * Independent times between arrivals, of squared coefficient of variation
 * `arrival_scv`, any service, FIFO: an upper bound of the mean wait,
 *     E[W] <= lambda (Var[A] + Var[S]/c + (c-1) E[S]^2/c^2) / (2 (1 - rho))  [Kin]
 */
double theory_gigc_most_wait(double arrival_rate, double arrival_scv,
                             double mean_service, double scv, int servers);

/* ---- M/G/1 ----------------------------------------------------------------------- */

/*
 * FIFO, Pollaczek-Khinchine:  E[W] = rho E[S] (1 + scv) / (2 (1 - rho))  [Kle, 5.7],
 * where scv is the squared coefficient of variation of S. E[T] = E[W] + E[S].
 */
double theory_mg1_mean_wait(double arrival_rate, double mean_service, double scv);

/*
 * Processor sharing:  E[T] = E[S] / (1 - rho), whatever the distribution of S; one of
 * size x stays x / (1 - rho) on average.                                   [HB, 30.2]
 * On c cores, with at most one a request, E[T] is that of M/M/c, also for any S.
 */
double theory_ps_mean_response(double arrival_rate, double mean_service);

/* ---- closed systems: N users, each thinks for Z, asks, and waits for the answer -- */

struct theory_closed {
    double throughput; /* X, 1/s */
    double response;   /* R = N/X - Z, s */
};

/*
 * Exact mean-value analysis of a product-form network with one server per station (FIFO
 * exponential, or processor sharing with any S). demand[k] is E[S] x visits at station
 * k; mean_number[k] receives the requests there, waiting or served. For n = 1 .. N:
 *     R_k = D_k (1 + Q_k(n-1)),  X = n / (Z + sum R_k),  Q_k = X R_k          [RL]
 */
struct theory_closed theory_mva(int users, double think_time, int stations,
                                const double demand[], double mean_number[]);

/*
 * The machine repairman M/M/c//N: N users, exponential think and service, c servers. A
 * birth-death chain: p(n+1) = p(n) (N-n)/Z / (min(n+1, c) mu), 0 <= n < N.  [Kle, 3.8]
 * Think time 0 is allowed: then all N are always here.
 */
struct theory_closed theory_repairman(int users, double think_time,
                                      const struct theory_mmc *station);

/*
 * The p-quantile of the response time in M/M/1//N: by the arrival theorem a request
 * finds the chain of N-1 users, so T is a mixture of Erlang(n+1, mu).            [RL]
 */
double theory_repairman_quantile(int users, double think_time, double service_rate,
                                 double p);

/* ---- simultaneous possession ----------------------------------------------------- */

/*
 * The most that `threads` can carry when each is held for its own exponential phase
 * (mean own_time, CPU not short), while it waits for one of `connections`, and while it
 * uses that for an exponential phase (mean connection_time). Under saturation every
 * thread is always taken, so threads cycle between the phases: a machine repairman with
 * N = threads, Z = own_time, c = connections, and its X is the most throughput. That is
 * at most threads / (own + connection time) and connections / connection_time.
 */
double theory_held_throughput(int threads, double own_time, int connections,
                              double connection_time);

/* ---- operational laws: true of any distribution and discipline ------------------- */

struct theory_station {
    double capacity; /* servers: slots, cores, connections; INFINITY = never short */
    double demand;   /* s of one server's time per request, without any waiting */
};

struct theory_limit {
    double throughput; /* 1/s; INFINITY when no station is ever short */
    int bottleneck;    /* index of the station that says so; -1 then */
};

/* Utilisation law: X <= min over stations of capacity / demand.     [LZGS, 3.3, 5.2] */
struct theory_limit theory_most_throughput(int stations,
                                           const struct theory_station station[]);

struct theory_bounds {
    double least_throughput, most_throughput; /* 1/s */
    double least_response, most_response;     /* s */
};

/*
 * Asymptotic bounds of N users with think time Z; D = sum of demands, L = limit above:
 *     N / (Z + N D) <= X <= min(L, N / (D + Z)),  max(D, N/L - Z) <= R <= N D
 *                                                                       [LZGS, 5.2]
 */
struct theory_bounds theory_closed_bounds(int users, double think_time, int stations,
                                          const struct theory_station station[]);

#endif
