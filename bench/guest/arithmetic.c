/*
 * Floating point: bodies under gravity, and the Mandelbrot set. Compiled twice: UNIT is x87 or sse2. The two units give
 * different check values, since the x87 computes with 64 bits of significand and rounds when it stores.
 */
#include "workload.h"

#define JOIN_(a, b)  a##b
#define JOIN(a, b)   JOIN_(a, b)
#define BODIES       5
#define STEPS        1000
#define PICTURE_SIZE 48
#define PICTURE_MOST 200

struct body {
    double place[3], speed[3], mass;
};

static double distance_inverse_cubed(const double d[3], double softening)
{
    const double square = d[0] * d[0] + d[1] * d[1] + d[2] * d[2] + softening;
    return 1.0 / (square * __builtin_sqrt(square));
}

static void bodies_step(struct body bodies[BODIES], double time)
{
    for (int i = 0; i < BODIES; i++) {
        for (int j = i + 1; j < BODIES; j++) {
            double d[3];
            for (int k = 0; k < 3; k++)
                d[k] = bodies[i].place[k] - bodies[j].place[k];
            const double pull = time * distance_inverse_cubed(d, 0.01);
            for (int k = 0; k < 3; k++) {
                bodies[i].speed[k] -= d[k] * bodies[j].mass * pull;
                bodies[j].speed[k] += d[k] * bodies[i].mass * pull;
            }
        }
    }
    for (int i = 0; i < BODIES; i++)
        for (int k = 0; k < 3; k++)
            bodies[i].place[k] += time * bodies[i].speed[k];
}

uint32_t JOIN(run_nbody_, UNIT)(uint32_t count)
{
    struct body bodies[BODIES];
    uint32_t random = 9;
    uint32_t check = CHECK_START;
    for (int i = 0; i < BODIES; i++) {
        for (int k = 0; k < 3; k++) {
            bodies[i].place[k] = (int32_t)(random_next(&random) % 2000) / 100.0 - 10.0;
            bodies[i].speed[k] = (int32_t)(random_next(&random) % 2000) / 10000.0 - 0.1;
        }
        bodies[i].mass = i == 0 ? 40.0 : 0.01 * i;
    }
    for (uint32_t round = 0; round < count; round++) {
        for (int step = 0; step < STEPS; step++)
            bodies_step(bodies, 0.001);
        union {
            double number;
            uint32_t words[2];
        } x = {bodies[round % BODIES].place[0]};
        check = check_add(check_add(check, x.words[0]), x.words[1]);
    }
    return check;
}

uint32_t JOIN(run_mandelbrot_, UNIT)(uint32_t count)
{
    uint32_t check = CHECK_START;
    for (uint32_t round = 0; round < count; round++) {
        const double zoom = 1.0 / (1.0 + 0.01 * (double)(round & 7)); /* nearly equal work each time */
        uint32_t sum = 0;
        for (int row = 0; row < PICTURE_SIZE; row++) {
            for (int column = 0; column < PICTURE_SIZE; column++) {
                const double real = -0.7436 + zoom * (column - PICTURE_SIZE / 2) / (PICTURE_SIZE / 2);
                const double imaginary = 0.1318 + zoom * (row - PICTURE_SIZE / 2) / (PICTURE_SIZE / 2);
                double x = 0, y = 0;
                uint32_t steps = 0;
                for (; steps < PICTURE_MOST && x * x + y * y < 4.0; steps++) {
                    const double next = x * x - y * y + real;
                    y = 2 * x * y + imaginary;
                    x = next;
                }
                sum = sum * 3 + steps;
            }
        }
        check = check_add(check, sum);
    }
    return check;
}
