; Virtual-8086 mode: segments, instructions that are forbidden or sensitive to IOPL, interrupts and their redirection
; with VME, IRET. SDM 3B 20, 2A INT n, 2A IRET. (POPF, PUSHF, CLI, STI: eflags.asm; ports: io.asm)
%include "lib/rom.inc"

STATUS          equ CF | PF | AF | ZF | SF | OF
V86_DS          equ DATA >> 4
V86_FS          equ DATA2 >> 4
V86_GS          equ WATCH_END >> 4
V86_CS          equ ROM_BASE >> 4

; ================ segments ================

CHECK v86.segment_base_is_selector_times_16, "SDM 3B 20.1.1"
    IN V86
    PUT dword [DATA + 0x123], 0x55667788
CODE
    mov ax, (DATA + 0x120) >> 4
    mov ds, ax
    mov eax, [3]
EXPECT END
WANT eax, 0x55667788
WANT ds, (DATA + 0x120) >> 4

%macro V86_LOAD 3  ; name, register, code with the selector in AX or on the stack
CHECK v86.%1_checks_nothing, "SDM 3B 20.1.1"
    IN V86
    SET eax, 0x3ff
    PUT word [STACK3 - 0x10], 0x3ff
    SET esp, STACK3 - 0x10
    PUT dword [DATA + 0x20], 0x03ff4321
CODE
    %3
EXPECT END
WANT %2, 0x3ff
%endmacro
V86_LOAD mov_ds, ds, {mov ds, ax}
V86_LOAD mov_es, es, {mov es, ax}
V86_LOAD mov_fs, fs, {mov fs, ax}
V86_LOAD mov_gs, gs, {mov gs, ax}
V86_LOAD mov_ss, ss, {mov ss, ax}
%macro V86_POP 1
V86_LOAD pop_%1, %1, {pop %1}
WANT esp, STACK3 - 0xe
%endmacro
V86_POP ds
V86_POP es
V86_POP fs
V86_POP gs
V86_POP ss
%macro V86_LFS 1
V86_LOAD l%1, %1, {l%1 ax, [0x20]}
WANT eax, 0x4321
%endmacro
V86_LFS ds
V86_LFS es
V86_LFS fs
V86_LFS gs
V86_LFS ss

CHECK v86.null_selector_is_a_segment_at_0, "SDM 3B 20.1.1"
    IN V86
CODE
    xor ax, ax
    mov fs, ax
    mov eax, [fs:WATCH_END - 4]
EXPECT END
WANT fs, 0
WANT eax, 0
WANT_FLAGS ZF | PF, CF | SF | OF
WANT_BITS eflags, ~(AF | RF)        ; SDM 2B XOR: undefined

CHECK v86.descriptors_are_not_read, "SDM 3B 20.1.1"
    IN V86
    SET gdtlimit, LDT_SEL + 7
CODE
    mov ax, FREE
    mov ds, ax
    mov es, ax
EXPECT END
WANT eax, 0xa1a20000 | FREE
WANT ds, FREE
WANT es, FREE

CHECK v86.mov_cs_is_ud, "SDM 2B MOV"
    IN V86
CODE
    db 0x8e, 0xc8                   ; mov cs, ax
EXPECT UD

%macro V86_LIMIT 3  ; name, fault, code
CHECK v86.%1_is_%2, "SDM 3B 20.1.1, 3A 5.3"
    IN V86
    SET ebx, 0xffff
    SET ebp, 0xffff
    SET esi, 0x10000
    SET ecx, 1
CODE
    %3
EXPECT %2, 0
%endmacro
V86_LIMIT word_read_at_ffff, GP, {mov ax, [0xffff]}
V86_LIMIT dword_read_at_fffd, GP, {mov eax, [0xfffd]}
V86_LIMIT word_write_at_ffff, GP, {mov [0xffff], ax}
V86_LIMIT word_read_at_ffff_in_es, GP, {mov ax, [es:bx]}
V86_LIMIT word_read_at_ffff_in_fs, GP, {mov ax, [fs:bx]}
V86_LIMIT word_read_at_ffff_in_gs, GP, {mov ax, [gs:bx]}
V86_LIMIT word_read_at_ffff_in_cs, GP, {mov ax, [cs:bx]}
V86_LIMIT word_read_at_ffff_in_ss, SS, {mov ax, [ss:bx]}
V86_LIMIT word_read_at_ffff_with_bp, SS, {mov ax, [bp]}
V86_LIMIT byte_read_at_10000_with_32_bit_address, GP, {mov al, [dword 0x10000]}
V86_LIMIT byte_write_at_10000_with_32_bit_address, GP, {mov [esi], al}
V86_LIMIT stack_read_at_10000_with_32_bit_address, SS, {mov al, [ss:esi]}
V86_LIMIT movs_at_10000_with_32_bit_address, GP, {a32 movsb}
V86_LIMIT read_and_write_at_ffff, GP, {add [0xffff], ax}
V86_LIMIT jump_to_10000, GP, {jmp dword (rom_start + 0x10000)}

CHECK v86.byte_read_at_ffff_is_within_the_limit, "SDM 3B 20.1.1"
    IN V86
    SET ds, V86_CS
CODE
    mov al, [0xffff]                ; the last byte of the ROM
EXPECT END
WANT eax, 0xa1a2a3ff

%macro V86_PUSH_LIMIT 3  ; name, SP, code
CHECK v86.%1_is_ss, "SDM 3B 20.1.1, 2B PUSH"
    IN V86
    SET esp, %2
CODE
    %3
EXPECT SS, 0
%endmacro
V86_PUSH_LIMIT push_word_with_sp_1, 1, {push ax}
V86_PUSH_LIMIT push_dword_with_sp_1, 1, {push eax}
V86_PUSH_LIMIT push_dword_with_sp_2, 2, {push eax}
V86_PUSH_LIMIT push_dword_with_sp_3, 3, {push eax}
V86_PUSH_LIMIT pop_word_with_sp_ffff, 0xffff, {pop ax}
V86_PUSH_LIMIT pop_dword_with_sp_fffd, 0xfffd, {pop eax}
V86_PUSH_LIMIT call_with_sp_1, 1, {call $ + 3}
V86_PUSH_LIMIT ret_with_sp_ffff, 0xffff, {ret}

; The code segment ends at FFFFh: the instruction after it is not fetched from offset 0.
CHECK v86.running_past_ffff_is_gp, "SDM 3B 20.1.1, 3A 5.3"
    IN V86
CODE
    jmp ((ADDR(.last) - 0xffff) >> 4):0xffff
    align 16
    times 15 nop
.last:
    nop
EXPECT GP, 0
WANT cs, (ADDR(.last) - 0xffff) >> 4
WANT eip, 0x10000

CHECK v86.instruction_over_ffff_is_gp, "SDM 3B 20.1.1, 3A 5.3"
    IN V86
CODE
    jmp ((ADDR(.last) - 0xffff) >> 4):0xffff
    align 16
    times 15 nop
.last:
    mov al, 5
EXPECT GP, 0
WANT cs, (ADDR(.last) - 0xffff) >> 4
WANT eip, 0xffff

; ---- far transfers: as on the 8086 ----

CHECK v86.far_jump_loads_any_cs, "SDM 2A JMP"
    IN V86
CODE
    jmp (V86_CS - 0x20):OFF16(.target) + 0x200
    hlt
.target:
EXPECT LANDED, OFF16(.end) + 0x200
WANT cs, V86_CS - 0x20

CHECK v86.far_call_pushes_cs_and_ip, "SDM 2A CALL"
    IN V86
CODE
    call (V86_CS - 0x20):OFF16(.target) + 0x200
.return:
    hlt
.target:
EXPECT LANDED, OFF16(.end) + 0x200
WANT cs, V86_CS - 0x20
WANT_PUSHED word, STACK3, V86_CS, OFF16(.return)

CHECK v86.far_call_of_32_bits_pushes_dwords, "SDM 2A CALL"
    IN V86
    PUT word [STACK3 - 2], 0
CODE
    call dword (V86_CS - 0x20):OFF16(.target) + 0x200
.return:
    hlt
.target:
EXPECT LANDED, OFF16(.end) + 0x200
WANT cs, V86_CS - 0x20
WANT_PUSHED dword, STACK3, V86_CS, OFF16(.return)

CHECK v86.far_return_loads_any_cs, "SDM 2B RET"
    IN V86
    SET esp, STACK3 - 0x10
    PUT word [STACK3 - 0x10], OFF16(.end) + 0x200
    PUT word [STACK3 - 0xe], V86_CS - 0x20
CODE
    retf 4
EXPECT LANDED, OFF16(.end) + 0x200
WANT cs, V86_CS - 0x20
WANT esp, STACK3 - 0x10 + 8

CHECK v86.far_jump_of_32_bits_beyond_the_limit_is_gp, "SDM 2A JMP"
    IN V86
CODE
    jmp dword V86_CS:0x10000
EXPECT GP, 0

CHECK v86.far_return_of_32_bits_beyond_the_limit_is_gp, "SDM 2B RET"
    IN V86
    SET esp, STACK3 - 8
    PUT dword [STACK3 - 8], 0x10000
    PUT dword [STACK3 - 4], V86_CS
CODE
    o32 retf
EXPECT GP, 0

; ---- pages ----

%macro V86_PAGE 4  ; name, error code, page table entry, code
CHECK v86.%1, "SDM 3A 4.6, 4.7"
    IN V86
    PAGING P32
    PUT dword [PT + 0xa0 * 4], %3
    SET fs, 0xa000
CODE
    %4
EXPECT PF, %2
WANT cr2, 0xa0010
%endmacro
V86_PAGE supervisor_page_read_is_pf_5, 5, FRAME_A | PTE_P | PTE_W, {mov al, [fs:0x10]}
V86_PAGE supervisor_page_write_is_pf_7, 7, FRAME_A | PTE_P | PTE_W, {mov [fs:0x10], al}
V86_PAGE read_only_page_write_is_pf_7, 7, FRAME_A | PTE_P | PTE_U, {mov [fs:0x10], al}
V86_PAGE absent_page_read_is_pf_4, 4, 0, {mov al, [fs:0x10]}
V86_PAGE absent_page_write_is_pf_6, 6, 0, {mov [fs:0x10], al}

; ================ instructions ================

; IOPL does not count for them.
%macro V86_FORBIDDEN 3-*  ; name, fault, code[, features]
CHECK v86.%1_is_%2, "SDM 3B 20.2.6, 2A, 2B"
    IN V86
    NEEDS_LIST %{4:-1}
    SET ecx, 0
CODE
    %3
    V86_EXPECT %2
CHECK v86.%1_is_%2_with_iopl_3, "SDM 3B 20.2.6, 2A, 2B"
    IN V86
    NEEDS_LIST %{4:-1}
    SET_FLAGS IOPL(3)
    SET ecx, 0
CODE
    %3
    V86_EXPECT %2
%endmacro
%macro NEEDS_LIST 0-1
    %if %0
        NEEDS %1
    %endif
%endmacro
%macro V86_EXPECT 1
    %ifidni %1, GP
EXPECT GP, 0
    %else
EXPECT %1
    %endif
%endmacro
V86_FORBIDDEN hlt, GP, {hlt}, I486
V86_FORBIDDEN clts, GP, {clts}, I486
V86_FORBIDDEN lgdt, GP, {lgdt [0x20]}, I486
V86_FORBIDDEN lidt, GP, {lidt [0x20]}, I486
V86_FORBIDDEN lmsw, GP, {lmsw ax}, I486
V86_FORBIDDEN mov_to_cr0, GP, {mov cr0, eax}, I486
V86_FORBIDDEN mov_from_cr0, GP, {mov eax, cr0}, I486
V86_FORBIDDEN mov_from_cr2, GP, {mov eax, cr2}, I486
V86_FORBIDDEN mov_to_cr3, GP, {mov cr3, eax}, I486
V86_FORBIDDEN mov_from_cr3, GP, {mov eax, cr3}, I486
V86_FORBIDDEN mov_from_cr4, GP, {mov eax, cr4}, CR4
V86_FORBIDDEN mov_to_cr4, GP, {mov cr4, eax}, CR4
V86_FORBIDDEN mov_from_dr0, GP, {mov eax, dr0}, I486
V86_FORBIDDEN mov_from_dr6, GP, {mov eax, dr6}, I486
V86_FORBIDDEN mov_to_dr7, GP, {mov dr7, eax}, I486
V86_FORBIDDEN invd, GP, {invd}, I486
V86_FORBIDDEN wbinvd, GP, {wbinvd}, I486
V86_FORBIDDEN invlpg, GP, {invlpg [0x20]}, I486
V86_FORBIDDEN rdmsr, GP, {rdmsr}, MSR
V86_FORBIDDEN wrmsr, GP, {wrmsr}, MSR
V86_FORBIDDEN rdpmc, GP, {rdpmc}, P6
V86_FORBIDDEN sldt, UD, {sldt ax}, I486
V86_FORBIDDEN str, UD, {str ax}, I486
V86_FORBIDDEN lldt, UD, {lldt ax}, I486
V86_FORBIDDEN ltr, UD, {ltr ax}, I486
V86_FORBIDDEN lar, UD, {lar ax, cx}, I486
V86_FORBIDDEN lsl, UD, {lsl ax, cx}, I486
V86_FORBIDDEN verr, UD, {verr ax}, I486
V86_FORBIDDEN verw, UD, {verw ax}, I486
V86_FORBIDDEN arpl, UD, {arpl cx, ax}, I486

CHECK v86.rdtsc_with_tsd_is_gp, "SDM 2B RDTSC"
    IN V86
    NEEDS TSC
    SET_CR4 CR4_TSD
CODE
    rdtsc
EXPECT GP, 0

CHECK v86.smsw_is_allowed, "SDM 2B SMSW"
    IN V86
CODE
    smsw ax
EXPECT END
    mov eax, [before + S_cr0]
    mov [want + S_eax], ax
    mov word [want + S_eax + 2], 0xa1a2

CHECK v86.sgdt_is_allowed, "SDM 2B SGDT"
    IN V86
CODE
    o32 sgdt [0x20]
EXPECT END
WANT_MEMORY word, DATA + 0x20, GDT_LIMIT
WANT_MEMORY dword, DATA + 0x22, GDT

CHECK v86.sidt_is_allowed, "SDM 2B SIDT"
    IN V86
CODE
    o32 sidt [0x20]
EXPECT END
WANT_MEMORY word, DATA + 0x20, IDT_LIMIT
WANT_MEMORY dword, DATA + 0x22, IDT

; ================ interrupts into protected mode ================

; What a delivery from virtual-8086 mode leaves, but for EFLAGS and the frame
%macro WANT_MONITOR 1
    WANT cs, %1
    WANT ss, DS0
    WANT ds, 0
    WANT es, 0
    WANT fs, 0
    WANT gs, 0
%endmacro
%macro WANT_V86_FRAME 2  ; EFLAGS image, EIP
    WANT_PUSHED dword, STACK0, V86_GS, V86_FS, V86_DS, V86_DS, 0, STACK3, (%1) | VM, V86_CS, %2
%endmacro

%macro V86_INT 5  ; name, reference of the gate type, flags before, flags cleared by the gate, code
CHECK v86.%1, "SDM 3B 20.3.1.1, 2A INT n"
    IN V86
    GATE 40h, CS0, .handler, PRESENT | DPL(3) | %2
    SET_FLAGS %3
CODE
    %5
.return:
    bits 32
.handler:
    mov eax, 0x12345678             ; D = 1: five bytes
EXPECT LANDED, .end
WANT eax, 0x12345678
WANT_MONITOR CS0
WANT_V86_FRAME START_FLAGS | (%3), OFF16(.return)
WANT_FLAGS 0, VM | TF | NT | RF | (%4)
%endmacro
V86_INT int_through_an_interrupt_gate, INT_GATE32, IOPL(3) | IF | NT, IF, {int 40h}
V86_INT int_through_a_trap_gate_keeps_if, TRAP_GATE32, IOPL(3) | IF | NT, 0, {int 40h}
V86_INT int_with_tf_saves_it_and_does_not_trap, TRAP_GATE32, IOPL(3) | TF, 0, {int 40h}
V86_INT int_saves_ac, INT_GATE32, IOPL(3) | AC | DF, 0, {int 40h}

CHECK v86.int_saves_vif_and_vip, "SDM 3B 20.3.1.1, 2A INT n"
    IN V86
    NEEDS VME
    GATE 40h, CS0, .handler, PRESENT | DPL(3) | INT_GATE32
    SET_FLAGS IOPL(3) | VIF | VIP | ID
CODE
    int 40h
.return:
    bits 32
.handler:
EXPECT LANDED, .end
WANT_MONITOR CS0
WANT_V86_FRAME START_FLAGS | IOPL(3) | VIF | VIP | ID, OFF16(.return)
WANT_FLAGS 0, VM

%macro V86_INT16 3  ; name, gate type, cleared
CHECK v86.int_through_a_16_bit_%1_gate_pushes_words, "SDM 3B 20.3.1.1, 2A INT n"
    IN V86
    GATE 40h, CODE16_0, OFF16(.handler), PRESENT | DPL(3) | %2
    SET_FLAGS IOPL(3) | IF | NT
CODE
    int 40h
.return:
.handler:
EXPECT LANDED, OFF16(.end)
WANT_MONITOR CODE16_0
WANT_FLAGS 0, VM | NT | %3
WANT_PUSHED word, STACK0, V86_GS, V86_FS, V86_DS, V86_DS, 0, STACK3, START_FLAGS | IOPL(3) | IF | NT, V86_CS, OFF16(.return)
%endmacro
V86_INT16 interrupt, INT_GATE16, IF
V86_INT16 trap, TRAP_GATE16, 0

%assign iopl 0
%rep 3
CHECK v86.int_n_is_gp_with_iopl_%[iopl], "SDM 3B 20.2.7, 2A INT n"
    IN V86
    GATE 40h, CS0, .end, PRESENT | DPL(3) | INT_GATE32
    SET_FLAGS IOPL(iopl)
CODE
    int 40h
EXPECT GP, 0
CHECK v86.cd_03_is_gp_with_iopl_%[iopl], "SDM 3B 20.2.7, 2A INT n"
    IN V86
    GATE 3, CS0, .end, PRESENT | DPL(3) | INT_GATE32
    SET_FLAGS IOPL(iopl)
CODE
    db 0xcd, 3
EXPECT GP, 0
CHECK v86.iret_is_gp_with_iopl_%[iopl], "SDM 2A IRET"
    IN V86
    SET_FLAGS IOPL(iopl)
CODE
    iretw
EXPECT GP, 0
CHECK v86.iretd_is_gp_with_iopl_%[iopl], "SDM 2A IRET"
    IN V86
    SET_FLAGS IOPL(iopl)
CODE
    iretd
EXPECT GP, 0
CHECK v86.iretd_with_vme_is_gp_with_iopl_%[iopl], "SDM 2A IRET"
    IN V86
    NEEDS VME
    SET_CR4 CR4_VME
    SET_FLAGS IOPL(iopl)
CODE
    iretd
EXPECT GP, 0
    %assign iopl iopl + 1
%endrep

CHECK v86.int_n_iopl_comes_before_the_gate, "SDM 2A INT n"
    IN V86
    SET idtlimit, 0x1ff             ; vector 40h is beyond it
    SET_FLAGS IOPL(2)
CODE
    int 40h
EXPECT GP, 0

CHECK v86.int_n_gate_dpl_is_checked, "SDM 2A INT n"
    IN V86
    GATE 40h, CS0, .end, PRESENT | DPL(2) | INT_GATE32
    SET_FLAGS IOPL(3)
CODE
    int 40h
EXPECT GP, 0x40 * 8 + 2

; INT3, INTO and INT1 are not sensitive to IOPL, nor redirected with VME.
%macro V86_NOT_SENSITIVE 5  ; name, vector, IOPL, CR4, code
CHECK v86.%1_with_iopl_%3_and_cr4_%4_goes_to_its_gate, "SDM 3B 20.2.7, 2A INT n"
    IN V86
    %if %4
        NEEDS VME
        SET_CR4 %4
    %endif
    GATE %2, CS0, .handler, PRESENT | DPL(3) | INT_GATE32
    SET_FLAGS IOPL(%3)
CODE
    %5
.return:
    bits 32
.handler:
EXPECT LANDED, .end
WANT_MONITOR CS0
WANT_V86_FRAME START_FLAGS | IOPL(%3), OFF16(.return)
WANT_FLAGS 0, VM
%endmacro
%assign iopl 0
%rep 4
    V86_NOT_SENSITIVE int3, 3, %[iopl], 0, {int3}
    V86_NOT_SENSITIVE int3, 3, %[iopl], 1, {int3}
    V86_NOT_SENSITIVE into, 4, %[iopl], 0, {into}
    V86_NOT_SENSITIVE into, 4, %[iopl], 1, {into}
    V86_NOT_SENSITIVE int1, 1, %[iopl], 0, {db 0xf1}
    V86_NOT_SENSITIVE int1, 1, %[iopl], 1, {db 0xf1}
    %assign iopl iopl + 1
%endrep

CHECK v86.int3_gate_dpl_is_checked, "SDM 2A INT n"
    IN V86
CODE
    int3
EXPECT GP, 3 * 8 + 2

CHECK v86.into_gate_dpl_is_checked, "SDM 2A INT n"
    IN V86
CODE
    into
EXPECT GP, 4 * 8 + 2

CHECK v86.int1_gate_dpl_is_not_checked, "SDM 2A INT n"
    IN V86
CODE
    db 0xf1
EXPECT DB

; The handler must have DPL 0 and be non-conforming.
%macro V86_HANDLER 4  ; name, selector, access byte, error code
CHECK v86.int_to_%1_is_gp, "SDM 2A INT n"
    IN V86
    DESC FREE, 0, 0xfffff, %3, BIG | PAGES_4K
    GATE 40h, %2, .end, PRESENT | DPL(3) | INT_GATE32
    SET_FLAGS IOPL(3)
CODE
    int 40h
EXPECT GP, %4
CHECK v86.exception_to_%1_is_gp_with_ext, "SDM 2A INT n, 3A 6.13"
    IN V86
    DESC FREE, 0, 0xfffff, %3, BIG | PAGES_4K
    GATE 6, %2, .end, PRESENT | INT_GATE32
CODE
    ud2
EXPECT GP, %4 | 1
CHECK v86.int1_to_%1_is_gp_with_ext, "SDM 2A INT n, 3A 6.13"
    IN V86
    DESC FREE, 0, 0xfffff, %3, BIG | PAGES_4K
    GATE 1, %2, .end, PRESENT | INT_GATE32
CODE
    db 0xf1
EXPECT GP, %4 | 1
%endmacro
V86_HANDLER dpl_1, FREE, PRESENT | DPL(1) | CODE_XR | ACCESSED, FREE
V86_HANDLER dpl_2, FREE, PRESENT | DPL(2) | CODE_XR | ACCESSED, FREE
V86_HANDLER dpl_3, FREE, PRESENT | DPL(3) | CODE_XR | ACCESSED, FREE
V86_HANDLER dpl_3_with_rpl_3, FREE | 3, PRESENT | DPL(3) | CODE_XR | ACCESSED, FREE
V86_HANDLER conforming_dpl_0, FREE, PRESENT | CODE_CONFORMING_R | ACCESSED, FREE
V86_HANDLER conforming_dpl_3, FREE, PRESENT | DPL(3) | CODE_CONFORMING_R | ACCESSED, FREE
V86_HANDLER data, FREE, PRESENT | DATA_RW | ACCESSED, FREE
V86_HANDLER null, 0, 0, 0
V86_HANDLER null_with_rpl, 3, 0, 0
V86_HANDLER beyond_the_gdt, 0x400, 0, 0x400

; ================ redirection with VME ================

; All bits set but that of one vector, or the other way round
%macro REDIRECTION 2  ; vector, 0: only this one redirected, 1: only this one not
    mov edi, TSS + TSS_REDIRECTION
    mov ecx, 8
    mov eax, %2 - 1
    rep stosd
    %if %2
        bts dword [TSS + TSS_REDIRECTION + ((%1) / 32) * 4], (%1) & 31
    %else
        btr dword [TSS + TSS_REDIRECTION + ((%1) / 32) * 4], (%1) & 31
    %endif
%endmacro

; The handler is reached by another segment, so that the source of CS is seen.
HANDLER_CS      equ V86_CS - 0x20

%macro VME_REDIRECTED 7  ; name, vector, IOPL, flags before, flags in the image, set, cleared
CHECK vme.int_%2_redirected_%1, "SDM 3B 20.3.3"
    IN V86
    NEEDS VME
    SET_CR4 CR4_VME
    SET_FLAGS IOPL(%3) | (%4)
    REDIRECTION %2, 0
    VECTOR16 %2, HANDLER_CS, OFF16(.handler) + 0x200
CODE
    db 0xcd, %2
.return:
    hlt
.handler:
EXPECT LANDED, OFF16(.end) + 0x200
WANT cs, HANDLER_CS
WANT_FLAGS %6, %7
WANT_PUSHED word, STACK3, START_FLAGS | (%5), V86_CS, OFF16(.return)
%endmacro

; Method 5: IOPL 3
VME_REDIRECTED with_iopl_3, 64, 3, 0, IOPL(3), 0, IF
VME_REDIRECTED with_iopl_3_clears_if, 64, 3, IF, IOPL(3) | IF, 0, IF
VME_REDIRECTED with_iopl_3_keeps_vif, 64, 3, IF | VIF, IOPL(3) | IF, 0, IF
VME_REDIRECTED with_iopl_3_keeps_nt_df_ac, 64, 3, NT | DF | AC, IOPL(3) | NT | DF, 0, IF
VME_REDIRECTED with_iopl_3_clears_tf, 64, 3, TF, IOPL(3) | TF, 0, TF
%assign vector 0
%rep 256
    %if vector == 0 || vector == 1 || vector == 3 || vector == 7 || vector == 8 || vector == 31 || vector == 32 || vector == 127 || vector == 254 || vector == 255
        VME_REDIRECTED by_its_own_bit, %[vector], 3, IF, IOPL(3) | IF, 0, IF
    %endif
    %assign vector vector + 1
%endrep

; Method 6: VIF in the place of IF, IOPL 3 in the image
%assign iopl 0
%rep 3
    VME_REDIRECTED with_iopl_%[iopl], 65, %[iopl], 0, IOPL(3), 0, 0
    VME_REDIRECTED with_iopl_%[iopl]_keeps_if, 65, %[iopl], IF, IOPL(3), 0, 0
    VME_REDIRECTED with_iopl_%[iopl]_clears_vif, 65, %[iopl], VIF, IOPL(3) | IF, 0, VIF
    VME_REDIRECTED with_iopl_%[iopl]_clears_vif_not_if, 65, %[iopl], IF | VIF, IOPL(3) | IF, 0, VIF
    VME_REDIRECTED with_iopl_%[iopl]_keeps_vip, 65, %[iopl], VIP, IOPL(3), 0, 0
    VME_REDIRECTED with_iopl_%[iopl]_keeps_nt_df_ac, 65, %[iopl], NT | DF | AC, IOPL(3) | NT | DF, 0, 0
    VME_REDIRECTED with_iopl_%[iopl]_clears_tf, 65, %[iopl], TF, IOPL(3) | TF, 0, TF
    %assign iopl iopl + 1
%endrep

; Methods 3 and 4: the bit is set
%macro VME_NOT_REDIRECTED 1  ; vector
CHECK vme.int_%1_with_its_bit_set_is_gp_with_iopl_2, "SDM 3B 20.3.3.2"
    IN V86
    NEEDS VME
    SET_CR4 CR4_VME
    SET_FLAGS IOPL(2)
    REDIRECTION %1, 1
CODE
    db 0xcd, %1
EXPECT GP, 0
CHECK vme.int_%1_with_its_bit_set_goes_to_the_gate_with_iopl_3, "SDM 3B 20.3.3.3"
    IN V86
    NEEDS VME
    SET_CR4 CR4_VME
    SET_FLAGS IOPL(3) | IF
    REDIRECTION %1, 1
    GATE %1, CS0, .handler, PRESENT | DPL(3) | INT_GATE32
CODE
    db 0xcd, %1
.return:
    bits 32
.handler:
EXPECT LANDED, .end
WANT_MONITOR CS0
WANT_V86_FRAME START_FLAGS | IOPL(3) | IF, OFF16(.return)
WANT_FLAGS 0, VM | IF
%endmacro
VME_NOT_REDIRECTED 0
VME_NOT_REDIRECTED 7
VME_NOT_REDIRECTED 8
VME_NOT_REDIRECTED 63
VME_NOT_REDIRECTED 255

CHECK vme.bitmap_lies_below_the_io_map, "SDM 3B 20.3.3"
    IN V86
    NEEDS VME
    SET_CR4 CR4_VME
    SET_FLAGS IOPL(3)
    mov edi, TSS + TSS_REDIRECTION
    mov ecx, 32
    mov eax, -1
    rep stosd
    PUT word [TSS + TSS_IOMAP], 0xc0
    btr dword [TSS + 0xc0 - 0x20 + 8], 0
    VECTOR16 64, HANDLER_CS, OFF16(.handler) + 0x200
CODE
    int 64
.return:
    hlt
.handler:
EXPECT LANDED, OFF16(.end) + 0x200
WANT cs, HANDLER_CS
WANT_PUSHED word, STACK3, START_FLAGS | IOPL(3), V86_CS, OFF16(.return)

CHECK vme.without_cr4_vme_the_bitmap_is_not_read, "SDM 3B 20.3.3"
    IN V86
    NEEDS VME
    SET_CR4 CR4_PVI
    SET_FLAGS IOPL(2)
    REDIRECTION 64, 0
CODE
    int 64
EXPECT GP, 0

CHECK vme.int_n_in_protected_mode_is_not_redirected, "SDM 3B 20.3.3"
    NEEDS VME
    SET_CR4 CR4_VME | CR4_PVI
    REDIRECTION 64, 0
    GATE 64, CS3 | 3, .handler, PRESENT | DPL(3) | INT_GATE32
CODE
    int 64
.return:
    hlt
.handler:
EXPECT END
WANT_PUSHED dword, STACK3, START_FLAGS, CS3 | 3, .return

%macro VME_STACK 2  ; SP, IOPL
CHECK vme.redirected_with_sp_%1_and_iopl_%2_is_ss, "SDM 3B 20.3.3, 2A INT n"
    IN V86
    NEEDS VME
    SET_CR4 CR4_VME
    SET_FLAGS IOPL(%2) | IF | VIF
    SET esp, %1
    VECTOR16 64, HANDLER_CS, OFF16(.end) + 0x200
CODE
    int 64
EXPECT SS, 0
%endmacro
VME_STACK 1, 3
VME_STACK 3, 3
VME_STACK 5, 3
VME_STACK 1, 0
VME_STACK 5, 0

CHECK vme.redirection_reads_the_bitmap_as_supervisor, "SDM 3A 4.6"
    IN V86
    NEEDS VME
    PAGING P32
    SET_CR4 CR4_VME
    SET_FLAGS IOPL(3)
    PUT dword [PT + (TSS >> 12) * 4], TSS | PTE_P | PTE_W | PTE_A | PTE_D
    VECTOR16 64, HANDLER_CS, OFF16(.handler) + 0x200
CODE
    int 64
.return:
    hlt
.handler:
EXPECT LANDED, OFF16(.end) + 0x200
WANT cs, HANDLER_CS
WANT_PUSHED word, STACK3, START_FLAGS | IOPL(3), V86_CS, OFF16(.return)

; SDM 3B 20.3.2: VIF and VIP both set at the beginning of an instruction
%assign iopl 0
%rep 3
CHECK vme.vif_and_vip_at_the_beginning_of_an_instruction_are_gp_with_iopl_%[iopl], "SDM 3B 20.3.2"
    IN V86
    NEEDS VME
    SET_CR4 CR4_VME
    SET_FLAGS IOPL(iopl) | VIF | VIP
CODE
    nop
EXPECT GP, 0
    %assign iopl iopl + 1
%endrep

; "When the VME flag in control register CR4 is set and the IOPL field is less than 3, two additional flags are
; activated": Bochs 2.7 looks at them in every IRETD to virtual-8086 mode.
CHECK vme.vif_and_vip_mean_nothing_with_iopl_3, "SDM 3B 20.3.2"
    IN V86
    NEEDS VME
    SET_CR4 CR4_VME
    SET_FLAGS IOPL(3) | VIF | VIP
CODE
    nop
EXPECT END

CHECK vme.vif_and_vip_mean_nothing_without_cr4_vme, "SDM 3B 20.3.2"
    IN V86
    NEEDS VME
    SET_CR4 CR4_PVI
    SET_FLAGS VIF | VIP
CODE
    nop
EXPECT END

; SDM 3B 20.4: the same with PVI in protected mode, at CPL 3 only
%macro PVI_PENDING 3  ; name, CPL, IOPL
CHECK pvi.vif_and_vip_at_the_beginning_of_an_instruction_%1, "SDM 3B 20.4"
    IN PM32, %2
    NEEDS VME
    SET_CR4 CR4_PVI
    SET_FLAGS IOPL(%3) | VIF | VIP
CODE
    nop
%endmacro
PVI_PENDING are_gp_at_cpl_3_with_iopl_0, 3, 0
EXPECT GP, 0
PVI_PENDING are_gp_at_cpl_3_with_iopl_2, 3, 2
EXPECT GP, 0
PVI_PENDING mean_nothing_at_cpl_3_with_iopl_3, 3, 3
EXPECT END
PVI_PENDING mean_nothing_at_cpl_2_with_iopl_0, 2, 0
EXPECT END
PVI_PENDING mean_nothing_at_cpl_0_with_iopl_0, 0, 0
EXPECT END

; ================ IRET ================

%macro V86_IRET_FRAME 4  ; width, IP, CS, EFLAGS
    SET esp, STACK3 - 3 * %1
    %if %1 == 4
        PUT dword [STACK3 - 12], %2
        PUT dword [STACK3 - 8], %3
        PUT dword [STACK3 - 4], %4
    %else
        PUT word [STACK3 - 6], %2
        PUT word [STACK3 - 4], %3
        PUT word [STACK3 - 2], %4
    %endif
%endmacro
%macro V86_IRET_CODE 1
    %if %1 == 4
        iretd
    %else
        iretw
    %endif
%endmacro

; VM, IOPL, VIF and VIP are not modified
CHECK v86.iret_with_iopl_3_sets_the_low_flags, "SDM 2A IRET"
    IN V86
    SET eflags, 2 | VM | IOPL(3)
    V86_IRET_FRAME 2, OFF16(.target) + 0x200, HANDLER_CS, (0xffff & ~TF) - IOPL(3)
CODE
    V86_IRET_CODE 2
    hlt
.target:
EXPECT LANDED, OFF16(.end) + 0x200
WANT cs, HANDLER_CS
WANT esp, STACK3
WANT_FLAGS STATUS | DF | NT | IF, 0

CHECK v86.iret_with_iopl_3_clears_the_low_flags, "SDM 2A IRET"
    IN V86
    SET_FLAGS IOPL(3) | STATUS | DF | NT | IF | AC
    V86_IRET_FRAME 2, OFF16(.target), V86_CS, 0
CODE
    V86_IRET_CODE 2
    hlt
.target:
EXPECT END
WANT esp, STACK3
WANT_FLAGS 0, STATUS | DF | NT | IF

CHECK v86.iretd_with_iopl_3_sets_ac_and_id, "SDM 2A IRET"
    IN V86
    NEEDS VME
    SET eflags, 2 | VM | IOPL(3)
    V86_IRET_FRAME 4, OFF16(.target) + 0x200, HANDLER_CS | 0x12340000, STATUS | DF | NT | IF | AC | ID | VIF | VIP
CODE
    V86_IRET_CODE 4
    hlt
.target:
EXPECT LANDED, OFF16(.end) + 0x200
WANT cs, HANDLER_CS
WANT esp, STACK3
WANT_FLAGS STATUS | DF | NT | IF | AC | ID, 0

CHECK v86.iretd_with_iopl_3_keeps_vm_iopl_vif_vip, "SDM 2A IRET"
    IN V86
    NEEDS VME
    SET_FLAGS IOPL(3) | STATUS | AC | ID | VIF | VIP | IF
    V86_IRET_FRAME 4, OFF16(.target), V86_CS, 0
CODE
    V86_IRET_CODE 4
    hlt
.target:
EXPECT END
WANT esp, STACK3
WANT_FLAGS 0, STATUS | AC | ID | IF

CHECK v86.iret_with_nt_is_no_task_return, "SDM 2A IRET"
    IN V86
    SET_FLAGS IOPL(3) | NT
    PUT word [TSS + TSS_LINK], TSS_A_SEL
    V86_IRET_FRAME 2, OFF16(.target), V86_CS, CF
CODE
    V86_IRET_CODE 2
    hlt
.target:
EXPECT END
WANT esp, STACK3
WANT_FLAGS CF, (STATUS & ~CF) | NT

; "IF instruction pointer not within code segment limits THEN #GP(0)" comes before EIP is popped; Bochs 2.7 faults
; after the IRETD.
CHECK v86.iretd_beyond_the_limit_is_gp, "SDM 2A IRET"
    IN V86
    SET_FLAGS IOPL(3)
    V86_IRET_FRAME 4, 0x10000, V86_CS, 0
CODE
    V86_IRET_CODE 4
EXPECT GP, 0

%macro V86_IRET_STACK 2
CHECK v86.iret_of_%1_bytes_with_sp_%2_is_ss, "SDM 2A IRET"
    IN V86
    SET_FLAGS IOPL(3)
    SET esp, %2
CODE
    V86_IRET_CODE %1
EXPECT SS, 0
%endmacro
V86_IRET_STACK 2, 0xfffb
V86_IRET_STACK 2, 0xffff
V86_IRET_STACK 4, 0xfff5
V86_IRET_STACK 4, 0xfffd

CHECK v86.iret_with_tf_traps_after_the_next_instruction, "SDM 2A IRET, 3B 17.3.1.4"
    IN V86
    SET_FLAGS IOPL(3)
    V86_IRET_FRAME 2, OFF16(.target), V86_CS, START_FLAGS | TF | IOPL(3)
CODE
    V86_IRET_CODE 2
    hlt
.target:
    nop
EXPECT DB
WANT eip, OFF16(.end)
WANT esp, STACK3
WANT_FLAGS TF, 0
WANT dr6, DR6_START | DR6_BS

; VME with IOPL < 3: what POPF does (SDM 3B 20.3.3.5: an IRET reverses the redirection)
%macro VME_IRET 6  ; name, IOPL, flags before, image, set, cleared
CHECK vme.iret_%1_with_iopl_%2, "SDM 3B 20.3.3.5"
    IN V86
    NEEDS VME
    SET_CR4 CR4_VME
    SET eflags, 2 | VM | IOPL(%2) | (%3)
    V86_IRET_FRAME 2, OFF16(.target) + 0x200, HANDLER_CS, %4
CODE
    V86_IRET_CODE 2
    hlt
.target:
EXPECT LANDED, OFF16(.end) + 0x200
WANT cs, HANDLER_CS
WANT esp, STACK3
WANT_FLAGS %5, %6
%endmacro
%macro VME_IRET_GP 4  ; name, IOPL, flags before, image
CHECK vme.iret_%1_is_gp_with_iopl_%2, "SDM 3B 20.3.3.5"
    IN V86
    NEEDS VME
    SET_CR4 CR4_VME
    SET eflags, 2 | VM | IOPL(%2) | (%3)
    V86_IRET_FRAME 2, OFF16(.end), V86_CS, %4
CODE
    V86_IRET_CODE 2
EXPECT GP, 0
%endmacro
%assign iopl 0
%rep 3
    VME_IRET if_sets_vif, %[iopl], 0, IF | IOPL(3), VIF, 0
    VME_IRET no_if_clears_vif_and_keeps_if, %[iopl], IF | VIF, IOPL(3), 0, VIF
    VME_IRET status_flags, %[iopl], ZF | NT, CF | DF | IOPL(3), CF | DF, ZF | NT
    VME_IRET no_if_while_vip, %[iopl], VIP, IOPL(3), 0, 0
    VME_IRET_GP if_while_vip, %[iopl], VIP, IF | IOPL(3)
    VME_IRET_GP tf, %[iopl], 0, TF | IOPL(3)
    %assign iopl iopl + 1
%endrep

END_OF_CHECKS
