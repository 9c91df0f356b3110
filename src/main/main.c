/* The command line of gate86. */
int main(void)
{
    return 2;
}
