/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * compile_cpu -- the cores of a service: how many, and the rules they are under.
 */
#include "models/compile.h"

#include <math.h>
#include <string.h>

/* ---- burstable machines ---------------------------------------------------------- */

struct instance_type {
    const char *name;
    double vcpus, per_hour, most;
    enum credit_mode mode; /* where none is asked for */
};

/* AWS EC2 user guide, "Key concepts for burstable performance instances", 2026. */
static const struct instance_type instance_types[] = {
    {"t3.micro", 2, 12, 288, CREDITS_UNLIMITED},
    {"t3.small", 2, 24, 576, CREDITS_UNLIMITED},
    {"t3.medium", 2, 24, 576, CREDITS_UNLIMITED},
    {"t3.large", 2, 36, 864, CREDITS_UNLIMITED},
    {"t3.xlarge", 4, 96, 2304, CREDITS_UNLIMITED},
    {"t3.2xlarge", 8, 192, 4608, CREDITS_UNLIMITED},
};
enum { TYPES = sizeof instance_types / sizeof *instance_types };
static const struct instance_type no_type = {.mode = CREDITS_UNLIMITED};
enum { DAY = 24 /* hours: what can be saved */, MINUTES = 60 /* of an hour */ };
#define DEFAULT_TAPER 5 /* as in the table of credits' keys */

/* What is said of the credits; of the type where nothing is said. */
static struct credits_conf read_credits(const struct service_common *common)
{
    if (common->credits.which == 1)
        return *(const struct credits_conf *)common->credits.body;
    return (struct credits_conf){.at = common->credits.at,
                                 .type = *(const char *const *)common->credits.body,
                                 .taper = DEFAULT_TAPER,
                                 .mode = -1};
}

static const struct instance_type *find_type(struct compiler *c,
                                             const struct service_common *common)
{
    uint32_t at = common->credits.at;
    const char *name = read_credits(common).type, *names = "";
    if (!name)
        return &no_type;
    for (int i = 0; i < TYPES; i++) {
        if (strcmp(instance_types[i].name, name) == 0)
            return &instance_types[i];
        names = arena_format(c->arena, "%s%s%s", names, i ? ", " : "",
                             instance_types[i].name);
    }
    complain(c->out, at, NULL, "must be one of the types %s, is \"%s\"", names, name);
    return &no_type;
}

static void set_credits(struct compiler *c, const struct place *p,
                        const struct instance_type *type, const struct service *s,
                        struct cpu_rules *r)
{
    struct credits_conf conf = read_credits(p->common);
    r->credits = true;
    r->most = conf.most > 0 ? conf.most : type->most;
    double per_hour = conf.per_hour > 0 ? conf.per_hour : type->per_hour;
    if (!(per_hour > 0))
        complain(c->out, conf.at, "per_hour", "must be given, or a \"type\"");
    if (isinf(s->cores))
        complain(c->out, p->at, "cpu", "must be given, or a \"type\" of \"credits\"");
    if (!(r->most > 0))
        r->most = per_hour * DAY;
    r->baseline = fmin(s->cores, per_hour / MINUTES);
    r->balance = fmin(conf.balance, r->most);
    r->taper = conf.taper;
    r->standard = (conf.mode < 0 ? (int)type->mode : conf.mode) == CREDITS_STANDARD;
    const char *beyond = r->standard ? "gets no more (standard mode)"
                                     : "is billed for what it uses beyond, not slowed "
                                       "down (unlimited mode)";
    compile_assume(
        c, arena_format(c->arena,
                        "%s has CPU credits for %.4g cores in the long run and %s",
                        p->name, r->baseline, beyond));
}

/* ---- quotas ---------------------------------------------------------------------- */

static void set_quota(struct compiler *c, const struct place *p,
                      const struct service *s, struct cpu_rules *r)
{
    struct quota_conf conf = {.period = 100 * SIM_MILLISECOND, .phase = SIM_NEVER};
    if (p->common->cpu_quota.which == 1)
        conf = *(const struct quota_conf *)p->common->cpu_quota.body;
    else
        conf.cores = *(const double *)p->common->cpu_quota.body;
    if (conf.cores >= s->cores)
        return; /* so many cores cannot use it up */
    r->quota = conf.cores * (double)conf.period;
    r->burst = (double)conf.burst;
    r->period = conf.period;
    r->phase = conf.phase;
    r->phase_key = compile_key(c, arena_format(c->arena, "quota:%s", p->name));
}

/* ---- all of it ------------------------------------------------------------------- */

/* The most that any number of units do, so many at a time being able to run. */
static double best_speed(const struct cpu_rules *r, double cores)
{
    enum { MOST_UNITS = 1 << 20 };
    if (isinf(cores) && r->kappa == 0)
        return r->sigma > 0 ? fmax(1, 1 / r->sigma) : INFINITY;
    double best = cpu_speed(r, cores, fmin(1, cores));
    for (int n = 1; n < MOST_UNITS && n < cores + 1; n++) {
        double speed = cpu_speed(r, cores, n);
        if (speed < best)
            break;
        best = speed;
    }
    return best;
}

/* What the cores do in the long run, with all the work they could wish for. */
static double capacity(const struct cpu_rules *r)
{
    double cores = r->standard ? r->baseline : r->cores;
    if (isfinite(r->quota))
        cores = fmin(cores, r->quota / (double)r->period);
    return best_speed(r, cores);
}

static bool has_rules(const struct service_common *common)
{
    return common->cpu_quota.row || common->credits.row || common->usl ||
           common->smt_speedup < 2 || outage_stands_still(common);
}

static void set_rules(struct compiler *c, const struct place *p, struct service *s,
                      const struct instance_type *type, double machine)
{
    struct cpu_rules *r = arena_new(c->arena, struct cpu_rules);
    *r = (struct cpu_rules){.cores = s->cores,
                            .physical = machine / 2,
                            .smt = p->common->smt_speedup,
                            .quota = INFINITY};
    if (r->smt < 2 && isinf(machine))
        complain(c->out, p->at, "smt_speedup", "must come with \"cpu\"");
    if (type)
        set_credits(c, p, type, s, r);
    if (p->common->cpu_quota.row)
        set_quota(c, p, s, r);
    if (p->common->usl) {
        r->sigma = p->common->usl->sigma;
        r->kappa = p->common->usl->kappa;
    }
    s->rules = r;
    s->capacity = capacity(r);
    if (isfinite(r->quota))
        s->frozen_resource = compile_resource(
            c, arena_format(c->arena, "%s: frozen (cpu_quota)", p->name),
            RESOURCE_WAIT, (int)s->station);
}

void compile_cpu(struct compiler *c, const struct place *p, struct service *s)
{
    const struct server_part *part = &s->part;
    bool sharing = part->discipline == DISCIPLINE_SHARING;
    const struct instance_type *type =
        p->common->credits.row ? find_type(c, p->common) : NULL;
    double machine = p->common->cpu > 0       ? p->common->cpu
                     : type && type->vcpus > 0 ? type->vcpus
                                               : INFINITY;
    if (type && type->vcpus > 0 && machine > type->vcpus)
        complain(c->out, p->at, "cpu", "must be at most the %g vCPUs of a %s, is %g",
                 type->vcpus, type->name, machine);
    if (isinf(machine) &&
        (part->duty == DUTY_HANDLERS || part->duty == DUTY_DATABASE))
        compile_assume(c,
                       arena_format(c->arena, "%s %s: no \"cpu\" is given", p->name,
                                    sharing ? "is never short of CPU"
                                            : "has a core for each of its processes"));
    s->cores = fmin(part->parallelism, machine);
    if (!sharing) /* each process uses one core at most */
        s->cores = fmin(s->cores, (double)part->processes);
    s->capacity = s->cores;
    if (has_rules(p->common))
        set_rules(c, p, s, type, machine);
}

void compile_own_threads(struct compiler *c, const struct place *p, struct service *s,
                         uint32_t at)
{
    if (!(p->common->cpu > 0)) {
        complain(c->out, at, "own_thread", "must come with \"cpu\" of %s", p->name);
        return;
    }
    s->cores = fmin(s->part.parallelism, p->common->cpu);
    s->capacity = s->cores;
    if (!s->rules)
        return;
    s->rules->cores = s->cores;
    s->capacity = capacity(s->rules);
}
