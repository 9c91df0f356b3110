; Translations that change, global pages, INVLPG, accessed and dirty bits again, no-execute: SDM 3A 4.6, 4.8, 4.10.
%include "lib/rom.inc"
%include "lib/data.inc"
%include "lib/paging.inc"

; ================ translations that change ================
; The window shows DATA; the code at CPL 0 reads it, points the entry at DATA2, does what makes the processor forget, reads again.
; That a translation stays without that, the manual allows but does not promise: it is not asked.

%macro FORGET 5+  ; name, format, bits of the entry, bits of CR4, instructions
CHECK paging.%2_%1_forgets_translations, "SDM 3A 4.10.4.1"
    IN PM32, 0
    PAGING %2
    NEEDS I486
    %if (%4)
        NEEDS PGE
        SET_CR4 %4
    %endif
    FILL_DATA
    WINDOW_PAGE %2, PTE_P | PTE_W | PTE_A, PTE_P | PTE_W | (%3)
CODE
    mov eax, [WINDOW + 0x10]
    mov dword [TABLE_%2], DATA2 | PTE_P | PTE_W | (%3)
    %5
    mov edx, [WINDOW + 0x10]
EXPECT END
WANT eax, PATTERN4(DATA + 0x10)
WANT edx, PATTERN4(DATA2 + 0x10)
WANT_MEMORY dword, TABLE_%2, DATA2 | PTE_P | PTE_W | PTE_A | (%3)
%endmacro
%macro RELOAD 1  ; MOV to itself, by way of ECX
    mov ecx, %1
    mov %1, ecx
%endmacro
%macro WANT_RELOAD 1
    mov eax, [want + S_%1]
    mov [want + S_ecx], eax
%endmacro
%macro FORGETS 1
    FORGET invlpg, %1, 0, 0, invlpg [WINDOW + 0xfff]
    FORGET mov_to_cr3, %1, 0, 0, RELOAD cr3
    WANT_RELOAD cr3
%endmacro
FORGETS P32
FORGETS PAE

%macro TOGGLE 2  ; control register, bit
    mov ecx, %1
    xor ecx, %2
    mov %1, ecx
    xor ecx, %2
    mov %1, ecx
%endmacro
; The flags are those of the last XOR
%macro WANT_TOGGLED 1
    WANT_RELOAD %1
    WANT_BITS eflags, ~(CF | PF | AF | ZF | SF | OF | RF)
%endmacro
FORGET invlpg_of_a_global_page, P32, PTE_G, CR4_PGE, invlpg [WINDOW]
FORGET invlpg_of_a_global_page, PAE, PTE_G, CR4_PGE, invlpg [WINDOW]
FORGET pge_that_changes, P32, PTE_G, CR4_PGE, TOGGLE cr4, CR4_PGE
WANT_TOGGLED cr4
FORGET pge_that_changes, PAE, PTE_G, CR4_PGE, TOGGLE cr4, CR4_PGE
WANT_TOGGLED cr4
FORGET mov_to_cr3_without_pge, P32, PTE_G, 0, RELOAD cr3
WANT_RELOAD cr3
FORGET pg_that_changes, P32, 0, 0, TOGGLE cr0, CR0_PG
WANT_TOGGLED cr0
FORGET pg_that_changes, PAE, 0, 0, TOGGLE cr0, CR0_PG
WANT_TOGGLED cr0
FORGET pse_that_changes, PAE, 0, 0, TOGGLE cr4, CR4_PSE
WANT_TOGGLED cr4

; An absent entry is not remembered: no INVLPG is needed (SDM 3A 4.10.2.3, 4.10.4.3)
%macro APPEARS 2  ; format, PDE|PTE
CHECK paging.%1_%2_that_becomes_present_needs_no_invlpg, "SDM 3A 4.10.4.3"
    IN PM32, 0
    PAGING %1
    FILL_DATA
    WINDOW_PAGE %1, PTE_P | PTE_W | PTE_A, 0
    %ifidni %2, PDE
        WINDOW_PAGE %1, 0, PTE_P | PTE_W | PTE_A
    %endif
    GATE VECTOR_PF, CS0, .handler, PRESENT | INT_GATE32
CODE
    mov eax, [WINDOW]
    jmp .end
.handler:
    pop edx
    WINDOW_PAGE %1, PTE_P | PTE_W | PTE_A, PTE_P | PTE_W | PTE_A
    iretd
EXPECT END
WANT eax, PATTERN4(DATA)
WANT edx, 0
WANT cr2, WINDOW
WANT_WINDOW_PAGE %1, PTE_P | PTE_W | PTE_A, PTE_P | PTE_W | PTE_A
WANT_ANY STACK0_CHECK - 0x20, 0x20
%endmacro
APPEARS P32, PTE
APPEARS P32, PDE
APPEARS PAE, PTE
APPEARS PAE, PDE

; Copy on write: the fault forgets the old translation by itself (SDM 3A 4.10.4.1)
CHECK paging.rights_that_a_fault_handler_gives_need_no_invlpg, "SDM 3A 4.10.4.1"
    IN PM32, 0
    PAGING P32
    FILL_DATA
    SET_CR0 CR0_WP
    NEEDS I486
    WINDOW_PAGE P32, PTE_P | PTE_W | PTE_A, PTE_P
    GATE VECTOR_PF, CS0, .handler, PRESENT | INT_GATE32
CODE
    mov eax, [WINDOW]               ; remembers it as read-only
    mov [WINDOW], ecx
    mov eax, [WINDOW]
    jmp .end
.handler:
    pop edx
    mov dword [PT_WINDOW], DATA2 | PTE_P | PTE_W
    iretd
EXPECT END
WANT eax, 0xc1c2c3c4
WANT edx, PF_PRESENT | PF_WRITE
WANT cr2, WINDOW
WANT_MEMORY dword, DATA2, 0xc1c2c3c4
WANT_MEMORY dword, PT_WINDOW, DATA2 | PTE_P | PTE_W | PTE_A | PTE_D
WANT_ANY STACK0_CHECK - 0x20, 0x20

; ---- accessed and dirty bits once more ----
%macro DIRTY_LATER 1
CHECK paging.%1_write_after_a_read_sets_dirty, "SDM 3A 4.8"
    PAGING %1
    WINDOW_PAGE %1, PTE_P | PTE_W | PTE_U, PTE_P | PTE_W | PTE_U
CODE
    mov eax, [WINDOW]
    mov [WINDOW], eax
EXPECT END
WANT eax, 0
WANT_WINDOW_PAGE %1, PTE_P | PTE_W | PTE_U | PTE_A, PTE_P | PTE_W | PTE_U | PTE_A | PTE_D

CHECK paging.%1_bits_that_are_cleared_are_set_again_after_invlpg, "SDM 3A 4.8"
    IN PM32, 0
    PAGING %1
    NEEDS I486
    WINDOW_PAGE %1, PTE_P | PTE_W, PTE_P | PTE_W
CODE
    mov [WINDOW], eax
    mov dword [DIRECTORY_%1], TABLE_%1 | PTE_P | PTE_W
    mov dword [TABLE_%1], DATA | PTE_P | PTE_W
    invlpg [WINDOW]
    mov [WINDOW + 4], eax
EXPECT END
WANT_MEMORY dword, DATA, 0xa1a2a3a4
WANT_MEMORY dword, DATA + 4, 0xa1a2a3a4
WANT_WINDOW_PAGE %1, PTE_P | PTE_W | PTE_A, PTE_P | PTE_W | PTE_A | PTE_D

CHECK paging.%1_write_that_the_segment_refuses_touches_no_entry, "SDM 3A 4.8"
    PAGING %1
    WINDOW_PAGE %1, PTE_P | PTE_W | PTE_U, PTE_P | PTE_W | PTE_U
    DESC FREE, WINDOW, 0xfff, PRESENT | DPL(3) | DATA_R
    SET es, FREE | 3
CODE
    mov [es:0], eax
EXPECT GP, 0
%endmacro
DIRTY_LATER P32
DIRTY_LATER PAE

%macro TOUCHES_NOTHING 2+
CHECK paging.%1_touches_no_entry, "SDM 3A 4.8"
    IN PM32, 0
    PAGING P32
    NEEDS I486
    WINDOW_PAGE P32, PTE_P | PTE_W, PTE_P | PTE_W
    SET edi, WINDOW
    SET ecx, 0
CODE
    %2
EXPECT END
%endmacro
TOUCHES_NOTHING invlpg, invlpg [edi]
TOUCHES_NOTHING lea, lea edi, [edi]
TOUCHES_NOTHING rep_stos_of_count_0, rep stosd
TOUCHES_NOTHING invlpg_of_an_absent_page, invlpg [edi + 0x1000]
TOUCHES_NOTHING jump_not_taken, jnc near $ + WINDOW - 0xf8000

; ---- who may ----
%macro INVLPG_PRIVILEGE 2
CHECK paging.invlpg_is_gp_in_%1_at_cpl_%2, "SDM 2A INVLPG"
    IN %1, %2
    NEEDS I486
CODE
    invlpg [0]
EXPECT GP, 0
%endmacro
INVLPG_PRIVILEGE PM32, 1
INVLPG_PRIVILEGE PM32, 2
INVLPG_PRIVILEGE PM32, 3
INVLPG_PRIVILEGE V86, 3

CHECK paging.invlpg_of_a_register_is_ud, "SDM 2A INVLPG"
    IN PM32, 0
    NEEDS I486
CODE
    db 0x0f, 0x01, 0xfb             ; F8h and F9h have become SWAPGS and RDTSCP
EXPECT UD

; ================ no-execute ================

%macro NX 8  ; name, place, CPL, NXE, read|write|fetch, other bits, CR0 bits, error code or -1
CHECK paging.nx_%1_%5_at_cpl_%3, "SDM 3A 4.6, 5.13"
    IN PM32, %3
    PAGING PAE
    NEEDS NX
    MSR MSR_EFER, %4
    %if %7
        SET_CR0 %7
    %endif
    WINDOW_PAGE PAE, PTE_P | PTE_A | (%6), PTE_P | PTE_A | PTE_D | (%6)
    PUT dword [%2 + 4], 1 << 31
    PUT dword [DATA], 0x55660b0f
CODE
    %ifidni %5, read
        mov eax, [WINDOW]
    %elifidni %5, write
        mov [WINDOW], eax
    %else
        jmp dword WINDOW
    %endif
    %if (%8) < 0
EXPECT END
        %ifidni %5, read
            WANT eax, 0x55660b0f
        %elifidni %5, write
            WANT_MEMORY dword, DATA, 0xa1a2a3a4
        %else
            WANT eip, WINDOW
        %endif
    %else
EXPECT PF, %8
        WANT cr2, WINDOW
        %ifidni %5, fetch
            WANT eip, WINDOW
        %endif
    %endif
%endmacro
%macro NX_AT 2  ; name, place
    NX %1, %2, 3, EFER_NXE, fetch, PTE_W | PTE_U, 0, PF_PRESENT | PF_USER | PF_FETCH
    NX %1, %2, 0, EFER_NXE, fetch, PTE_W, 0, PF_PRESENT | PF_FETCH
    NX %1, %2, 3, EFER_NXE, read, PTE_U, 0, -1
    NX %1, %2, 0, EFER_NXE, read, 0, 0, -1
    NX %1, %2, 3, EFER_NXE, write, PTE_W | PTE_U, 0, -1
    NX %1, %2, 0, EFER_NXE, write, PTE_W, CR0_WP, -1
    NX %1_of_a_supervisor_page, %2, 3, EFER_NXE, fetch, PTE_W, 0, PF_PRESENT | PF_USER | PF_FETCH
    NX %1_of_a_supervisor_page, %2, 3, EFER_NXE, read, PTE_W, 0, PF_PRESENT | PF_USER
    NX %1_without_nxe, %2, 3, 0, fetch, PTE_W | PTE_U, 0, PF_PRESENT | PF_USER | PF_RESERVED
    NX %1_without_nxe, %2, 0, 0, read, PTE_W, 0, PF_PRESENT | PF_RESERVED
%endmacro
NX_AT in_the_table, PAE_PT_WINDOW
NX_AT in_the_directory, PAE_PD + 16

; With NXE every fault of a fetch says so, whatever its cause (SDM 3A 4.7: I/D)
%macro NX_FETCH_CODE 4  ; name, CPL, bits of the table entry, error code
CHECK paging.nx_fetch_from_%1_page_at_cpl_%2, "SDM 3A 4.7"
    IN PM32, %2
    PAGING PAE
    NEEDS NX
    MSR MSR_EFER, EFER_NXE
    WINDOW_PAGE PAE, PTE_P | PTE_A | PTE_U, %3
CODE
    jmp dword WINDOW
EXPECT PF, %4
WANT cr2, WINDOW
WANT eip, WINDOW
%endmacro
NX_FETCH_CODE an_absent, 3, 0, PF_USER | PF_FETCH
NX_FETCH_CODE an_absent, 0, 0, PF_FETCH
NX_FETCH_CODE a_supervisor, 3, PTE_P | PTE_A, PF_PRESENT | PF_USER | PF_FETCH

; Without PAE there is no such bit, and NXE does not change the error code
CHECK paging.nxe_does_not_matter_to_32_bit_tables, "SDM 3A 4.7"
    PAGING P32
    NEEDS NX
    MSR MSR_EFER, EFER_NXE
    WINDOW_PAGE P32, PTE_P | PTE_A | PTE_U, 0
CODE
    jmp dword WINDOW
EXPECT PF, PF_USER
WANT cr2, WINDOW
WANT eip, WINDOW

CHECK paging.nx_large_page, "SDM 3A 4.6"
    PAGING PAE
    NEEDS NX
    MSR MSR_EFER, EFER_NXE
    PUT dword [PAE_PD + 16], PTE_P | PTE_U | PTE_A | PTE_PS
    PUT dword [PAE_PD + 20], 1 << 31
CODE
    jmp dword WINDOW + DATA
EXPECT PF, PF_PRESENT | PF_USER | PF_FETCH
WANT cr2, WINDOW + DATA
WANT eip, WINDOW + DATA

CHECK paging.nx_leave_the_processor_without_nxe, "SDM 3A 4.6"
    NEEDS NX
    MSR MSR_EFER, 0
CODE
EXPECT END

; ================ other formats ================

CHECK paging.large_page_of_4m_shows_4m, "SDM 3A 4.3"
    PAGING PSE
    FILL_DATA
    PUT dword [PD + 4], PTE_P | PTE_U | PTE_PS
CODE
    mov eax, [WINDOW + DATA + 0x123]
    mov ecx, [WINDOW + 0xffffc]     ; the end of the ROM
EXPECT END
WANT eax, PATTERN4(DATA + 0x123)
WANT ecx, 0xffffffff
WANT_MEMORY dword, PD + 4, PTE_P | PTE_U | PTE_PS | PTE_A

CHECK paging.large_page_of_2m_shows_2m, "SDM 3A 4.4"
    PAGING PAE
    FILL_DATA
    PUT dword [PAE_PD + 16], PTE_P | PTE_U | PTE_PS
    PUT dword [PAE_PD + 24], PTE_P | PTE_U | PTE_PS | 0x200000
    PUT dword [0x200000 + DATA], 0x12345678
CODE
    mov eax, [WINDOW + DATA + 0x123]
    mov ecx, [WINDOW + 0x200000 + DATA]
EXPECT END
WANT eax, PATTERN4(DATA + 0x123)
WANT ecx, 0x12345678
WANT_MEMORY dword, PAE_PD + 16, PTE_P | PTE_U | PTE_PS | PTE_A
WANT_MEMORY dword, PAE_PD + 24, PTE_P | PTE_U | PTE_PS | PTE_A | 0x200000

CHECK paging.pae_directory_pointers_are_loaded_with_cr3, "SDM 3A 4.4.1"
    IN PM32, 0
    PAGING PAE
    FILL_DATA
    PUT dword [PAE_PD + 16], PTE_P | PTE_PS | PTE_A
CODE
    mov dword [PAE_PDPT + 8], PAE_PD | PTE_P    ; the second GiB like the first
    mov eax, cr3
    mov cr3, eax
    mov ecx, [0x40000000 + WINDOW + DATA]
EXPECT END
WANT eax, PAE_PDPT
WANT ecx, PATTERN4(DATA)
WANT_MEMORY dword, PAE_PDPT + 8, PAE_PD | PTE_P

CHECK paging.a_change_of_pdptes_counts_only_from_the_next_load_of_cr3, "SDM 3A 4.4.1"
    IN PM32, 0
    PAGING PAE
    FILL_DATA
    PUT dword [PAE_PD + 16], PTE_P | PTE_PS | PTE_A
CODE
    mov dword [PAE_PDPT], 0         ; the processor has its own copy
    mov eax, [WINDOW + DATA]
    mov dword [PAE_PDPT], PAE_PD | PTE_P
EXPECT END
WANT eax, PATTERN4(DATA)

END_OF_CHECKS
