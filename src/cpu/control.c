/*
 * Writing CR0, CR3 and CR4 (SDM 3A 2.5, 4.1, 4.4.1, 4.10.4; 2B MOV CRn). Which bits a processor has follows
 * from its features; reserved bits of CR0 are ignored, those of CR4 fault.
 */
#include "cpu/control.h"

#include "cpu/debug.h"

/* Changes of these bits change translations; the others (TS above all) must not cost a flush. */
#define CR0_PAGING (CR0_PE | CR0_WP | CR0_PG | CR0_CD | CR0_NW)
#define CR4_PAGING (CR4_PSE | CR4_PAE | CR4_PGE)

/* SDM 3A 4.4.1: a change of one of these loads the PDPTEs when PAE paging is on afterwards. */
#define CR0_LOADS_PDPTES (CR0_PG | CR0_CD | CR0_NW)
#define CR4_LOADS_PDPTES (CR4_PSE | CR4_PAE | CR4_PGE)

/* SDM 3B 22.22: NE, WP, AM, NW and CD came with the 486, which also wired ET to one. */
static uint32_t cr0_bits(const struct cpu *cpu)
{
    uint32_t bits_386 = CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_PG;
    if (!cpu_has(cpu, FEATURE(I486)))
        return bits_386 | CR0_ET;
    return bits_386 | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD;
}

static MUST_USE struct fault reload_pdptes(struct cpu *cpu, uint32_t cr3)
{
    return paging_load_pdptes(cpu->memory, cr3, cpu->model.physical_bits, cpu->mmu.paging.pdpte);
}

struct fault cr0_write(struct cpu *cpu, uint32_t value)
{
    value &= cr0_bits(cpu);
    if (cpu_has(cpu, FEATURE(I486)))
        value |= CR0_ET;
    if ((value & CR0_PG) && !(value & CR0_PE))
        return fault_gp(0, CR0_PG_WITHOUT_PE);
    if ((value & CR0_NW) && !(value & CR0_CD))
        return fault_gp(0, CR0_NW_WITHOUT_CD);

    uint32_t changed = value ^ cpu->cr0;
    if ((value & CR0_PG) && (cpu->cr4 & CR4_PAE) && (changed & CR0_LOADS_PDPTES))
        TRY(reload_pdptes(cpu, cpu->cr3));

    cpu->cr0 = value;
    if (changed & CR0_PAGING)
        cpu_update_paging(cpu, false);
    return FAULT_NONE;
}

struct fault cr3_write(struct cpu *cpu, uint32_t value)
{
    /* SDM 3A tables 4-3 and 4-7: the bits below the table's address are PCD and PWT or ignored, and are kept.
     */
    if ((cpu->cr0 & CR0_PG) && (cpu->cr4 & CR4_PAE))
        TRY(reload_pdptes(cpu, value));
    cpu->cr3 = value;
    cpu_update_paging(cpu, true);
    return FAULT_NONE;
}

struct fault cr4_write(struct cpu *cpu, uint32_t value)
{
    if (value & ~cpu_model_cr4_bits(&cpu->model))
        return fault_gp(0, CR4_RESERVED_BIT);

    uint32_t changed = value ^ cpu->cr4;
    if ((cpu->cr0 & CR0_PG) && (value & CR4_PAE) && (changed & CR4_LOADS_PDPTES))
        TRY(reload_pdptes(cpu, cpu->cr3));

    cpu->cr4 = value;
    if (changed & CR4_PAGING)
        cpu_update_paging(cpu, false);
    if (changed & CR4_DE)
        debug_registers_changed(cpu);
    return FAULT_NONE;
}
