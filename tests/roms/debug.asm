; Debug registers, general detect, single step, instruction breakpoints, RF, the T flag of a TSS. SDM 3B 17.2, 17.3,
; 2B MOV. (Data and I/O breakpoints: watchpoint.asm)
%include "lib/rom.inc"

DR7_GD          equ 1 << 13
DR6_B0          equ 1

; A breakpoint in DR7: number, R/W, LEN; with L or with G
%define BREAK_L(n, rw, len) ((1 << ((n) * 2)) | ((rw) << (16 + (n) * 4)) | ((len) << (18 + (n) * 4)))
%define BREAK_G(n, rw, len) ((2 << ((n) * 2)) | ((rw) << (16 + (n) * 4)) | ((len) << (18 + (n) * 4)))

; ================ MOV to and from debug registers ================

%macro DR_PRIVILEGED 2  ; number, CPL
CHECK dr.mov_from_dr%1_is_gp_at_cpl_%2, "SDM 2B MOV"
    IN PM32, %2
CODE
    mov eax, dr%1
EXPECT GP, 0
CHECK dr.mov_to_dr%1_is_gp_at_cpl_%2, "SDM 2B MOV"
    IN PM32, %2
    SET eax, 0
CODE
    mov dr%1, eax
EXPECT GP, 0
%endmacro
%assign number 0
%rep 8
    %if number < 4 || number > 5
        DR_PRIVILEGED %[number], 1
        DR_PRIVILEGED %[number], 2
        DR_PRIVILEGED %[number], 3
    %endif
    %assign number number + 1
%endrep

%macro DR_ADDRESS 2  ; number, mode
CHECK dr.dr%1_keeps_32_bits_in_%2, "SDM 3B 17.2.1"
    IN %2, 0
CODE
    mov eax, 0xfedcba98
    mov dr%1, eax
    mov ecx, dr%1
    not eax
    mov dr%1, eax
    mov edx, dr%1
EXPECT END
WANT eax, ~0xfedcba98
WANT ecx, 0xfedcba98
WANT edx, ~0xfedcba98
WANT_BITS eflags, ~(STATUS | RF)    ; SDM 2B MOV: undefined after moves of debug registers
%endmacro
STATUS          equ CF | PF | AF | ZF | SF | OF
%assign number 0
%rep 4
    DR_ADDRESS %[number], PM32
    DR_ADDRESS %[number], PM16
    DR_ADDRESS %[number], REAL
    %assign number number + 1
%endrep

; SDM 3B figure 17-1: bits 31:16 and 11:4 are 1, bit 12 is 0.
%macro DR6_READS 2  ; value written, value read
CHECK dr.dr6_written_%1_reads_%2, "SDM 3B 17.2.3"
    IN PM32, 0
    SET eax, %1
CODE
    mov dr6, eax
EXPECT END
WANT dr6, %2
WANT_BITS eflags, ~(STATUS | RF)
%endmacro
DR6_READS 0x00000000, 0xffff0ff0
DR6_READS 0xffffffff, 0xffffefff
DR6_READS 0x00001000, 0xffff0ff0
DR6_READS 0x0000000f, 0xffff0fff
DR6_READS 0x0000e000, 0xffffeff0
DR6_READS 0xffff0fff, 0xffff0fff

; Figure 17-1: bit 10 is 1; 11, 12, 14, 15 are 0. (Bit 11 is RTM on processors much younger than these; Bochs 2.7 keeps
; it on all.)
%macro DR7_READS 2
CHECK dr.dr7_written_%1_reads_%2, "SDM 3B 17.2.4"
    IN PM32, 0
    DEBUG_REGISTER 0, 0x60000
    DEBUG_REGISTER 1, 0x60000
    DEBUG_REGISTER 2, 0x60000
    DEBUG_REGISTER 3, 0x60000
    SET eax, %1
CODE
    mov dr7, eax
EXPECT END
WANT dr7, %2
WANT_BITS eflags, ~(STATUS | RF)
%endmacro
DR7_READS 0x00000000, 0x00000400
DR7_READS 0xffffdfff, 0xffff07ff
DR7_READS 0x0000d800, 0x00000400
DR7_READS 0x000003ff, 0x000007ff
DR7_READS 0xffff0000, 0xffff0400
DR7_READS 0xfbff0055, 0xfbff0455

; Without CR4.DE, DR4 and DR5 are other names of DR6 and DR7; with it they are #UD.
CHECK dr.dr4_is_dr6_without_de, "SDM 3B 17.2.2"
    IN PM32, 0
CODE
    mov eax, dr4
    mov ecx, 0xffff0ff5
    mov dr4, ecx
EXPECT END
WANT eax, DR6_START
WANT ecx, 0xffff0ff5
WANT dr6, 0xffff0ff5
WANT_BITS eflags, ~(STATUS | RF)

CHECK dr.dr5_is_dr7_without_de, "SDM 3B 17.2.2"
    IN PM32, 0
CODE
    mov eax, dr5
    mov ecx, 0x00030400
    mov dr5, ecx
EXPECT END
WANT eax, DR7_START
WANT ecx, 0x00030400
WANT dr7, 0x00030400
WANT_BITS eflags, ~(STATUS | RF)

%macro DR_ALIAS 2
CHECK dr.%1_is_ud_with_de_in_%2, "SDM 3B 17.2.2, 2B MOV"
    IN %2, 0
    NEEDS DE
    SET_CR4 CR4_DE
    SET eax, 0
CODE
    %ifidni %1, mov_from_dr4
        mov eax, dr4
    %elifidni %1, mov_to_dr4
        mov dr4, eax
    %elifidni %1, mov_from_dr5
        mov eax, dr5
    %else
        mov dr5, eax
    %endif
EXPECT UD
%endmacro
DR_ALIAS mov_from_dr4, PM32
DR_ALIAS mov_to_dr4, PM32
DR_ALIAS mov_from_dr5, PM32
DR_ALIAS mov_to_dr5, PM32
DR_ALIAS mov_from_dr4, REAL
DR_ALIAS mov_to_dr5, REAL

; "The 2-bit mod field is ignored": no displacement follows.
CHECK dr.mod_of_mov_is_ignored, "SDM 2B MOV"
    IN PM32, 0
    DEBUG_REGISTER 1, 0x13572468
CODE
    db 0x0f, 0x21, 0x0d             ; mod 00, r/m 101: mov ebp, dr1
EXPECT END
WANT ebp, 0x13572468
WANT_BITS eflags, ~(STATUS | RF)

CHECK dr.operand_size_of_mov_is_32, "SDM 2B MOV"
    IN PM32, 0
    DEBUG_REGISTER 2, 0x13572468
CODE
    o16
    mov eax, dr2
EXPECT END
WANT eax, 0x13572468
WANT_BITS eflags, ~(STATUS | RF)

%macro DR_LOCK 2
CHECK dr.lock_mov_%1_is_ud_at_cpl_%2, "SDM 2A LOCK"
    IN PM32, %2
    SET eax, 0
CODE
    db 0xf0
    %ifidni %1, from
        mov eax, dr0
    %else
        mov dr0, eax
    %endif
EXPECT UD
%endmacro
DR_LOCK from, 0
DR_LOCK to, 0
DR_LOCK from, 3
DR_LOCK to, 3

; ================ general detect ================

; A fault: EIP of the MOV; BD; GD cleared on entry. RF is set in its image as for every fault "except a debug exception
; generated in response to an instruction breakpoint" (17.3.1.1); Bochs 2.7 pushes RF = 0.
%macro DR_GD 3  ; number, mode, direction
CHECK dr.gd_guards_mov_%3_dr%1_in_%2, "SDM 3B 17.2.4, 17.3.1.3"
    IN %2, 0
    SET dr7, DR7_GD
    SET eax, 0
CODE
    nop
    AT
    %ifidni %3, from
        mov eax, dr%1
    %else
        mov dr%1, eax
    %endif
EXPECT DB
WANT_FLAGS RF, 0
WANT dr6, DR6_START | DR6_BD
WANT dr7, DR7_START
%endmacro
%assign number 0
%rep 8
    DR_GD %[number], PM32, from
    DR_GD %[number], PM32, to
    %assign number number + 1
%endrep
DR_GD 0, REAL, from
DR_GD 7, REAL, to
DR_GD 6, PM16, from

CHECK dr.gd_is_cleared_by_every_debug_exception, "SDM 3B 17.2.4"
    SET dr7, DR7_GD
    SET_FLAGS TF
CODE
    nop
EXPECT DB
WANT dr6, DR6_START | DR6_BS
WANT dr7, DR7_START

CHECK dr.gd_lets_other_instructions_through, "SDM 3B 17.2.4"
    IN PM32, 0
    SET dr7, DR7_GD
CODE
    mov eax, cr0
    xor eax, eax
    mov dr7, eax
EXPECT DB
WANT_FLAGS RF | ZF | PF, CF | SF | OF
WANT_BITS eflags, ~AF
WANT eax, 0
WANT eip, .end - 3
WANT dr6, DR6_START | DR6_BD
WANT dr7, DR7_START

; "The processor never clears the contents of the DR6 register"; Bochs 2.7 clears B0 to B3 and BS.
CHECK dr.bits_of_dr6_stay, "SDM 3B 17.2.3"
    IN PM32, 0
    SET dr6, 0xffffcff9             ; BS, B3, B0 and an 8 that is none
    SET dr7, DR7_GD
CODE
    AT
    mov eax, dr0
EXPECT DB
WANT_FLAGS RF, 0
WANT dr6, 0xffffeff9
WANT dr7, DR7_START

; ================ single step ================

%macro STEP 3  ; name, mode, CPL
CHECK step.%1, "SDM 3B 17.3.1.4"
    IN %2, %3
    SET_FLAGS TF
%endmacro
; What a trap by TF wants; EIP at the end of the code, or at AT
%macro EXPECT_STEP 0
EXPECT DB
WANT dr6, DR6_START | DR6_BS
%endmacro

%macro STEP_NOP 2
STEP nop_traps_in_%1_at_cpl_%2, %1, %2
CODE
    nop
EXPECT_STEP
%endmacro
%assign cpl 0
%rep 4
    STEP_NOP PM32, %[cpl]
    STEP_NOP PM16, %[cpl]
    %assign cpl cpl + 1
%endrep
STEP_NOP V86, 3
STEP_NOP REAL, 0

; An instruction that changes nothing but EIP
%macro STEP_BRANCH 3  ; name, CPL, code
STEP %1, PM32, %2
    SET ecx, 1
CODE
    %3
    AT
EXPECT_STEP
%endmacro
STEP_BRANCH jmp_traps_at_its_target, 3, {jmp short .at}
STEP_BRANCH jcc_taken_traps_at_its_target, 3, {jc .at}
STEP_BRANCH jcc_not_taken_traps_after_it, 3, {jnc .end}
STEP_BRANCH jmp_far_traps_at_its_target, 0, {jmp CS0:.at}

STEP call_traps_at_its_target, PM32, 3
CODE
    call .target
.return:
    hlt
    AT
.target:
EXPECT_STEP
WANT_PUSHED dword, STACK3, .return

STEP pushfd_has_tf_in_its_image, PM32, 3
CODE
    pushfd
EXPECT_STEP
WANT_PUSHED dword, STACK3, START_FLAGS | TF

STEP popfd_that_clears_tf_still_traps, PM32, 3
    SET esp, STACK3 - 4
    PUT dword [STACK3 - 4], START_FLAGS
CODE
    popfd
EXPECT_STEP
WANT esp, STACK3
WANT_FLAGS 0, TF

CHECK step.popfd_that_sets_tf_traps_after_the_next, "SDM 3B 17.3.1.4"
    SET esp, STACK3 - 4
    PUT dword [STACK3 - 4], START_FLAGS | TF
CODE
    popfd
    nop
EXPECT_STEP
WANT esp, STACK3
WANT_FLAGS TF, 0

CHECK step.popfw_that_sets_tf_traps_after_the_next_in_real_mode, "SDM 3B 17.3.1.4"
    IN REAL
    SET esp, STACK0_CHECK - 2
    PUT word [STACK0_CHECK - 2], START_FLAGS | TF
CODE
    popfw
    nop
EXPECT_STEP
WANT esp, STACK0_CHECK
WANT_FLAGS TF, 0

CHECK step.iretd_that_sets_tf_traps_after_the_next, "SDM 2A IRET, 3B 17.3.1.4"
    SET esp, STACK3 - 12
    PUT dword [STACK3 - 12], .target
    PUT dword [STACK3 - 8], CS3 | 3
    PUT dword [STACK3 - 4], START_FLAGS | TF
CODE
    iretd
.target:
    nop
EXPECT_STEP
WANT esp, STACK3
WANT_FLAGS TF, 0

STEP iretd_that_clears_tf_still_traps, PM32, 3
    SET esp, STACK3 - 12
    PUT dword [STACK3 - 12], .target
    PUT dword [STACK3 - 8], CS3 | 3
    PUT dword [STACK3 - 4], START_FLAGS
CODE
    iretd
.target:
EXPECT_STEP
WANT esp, STACK3
WANT_FLAGS 0, TF

; SDM 2A HLT: a debug exception resumes execution. QEMU 7.2 and Bochs 2.7 halt. That it was not IRQ0 that ended the halt is
; seen by the 8259A, which has no request yet.
STEP hlt_traps_after_it, PM32, 0
    DEADLINE
    GATE 1, CS0, .handler, PRESENT | INT_GATE32
CODE
    hlt
.return:
    ud2
.handler:
    mov al, 0x0a
    out 0x20, al
    in al, 0x20
    and eax, 1
EXPECT END
WANT eax, 0
WANT_BITS eflags, ~(AF | RF)        ; SDM 2A AND: undefined
WANT_FLAGS ZF | PF, CF | SF | OF | TF | IF
WANT dr6, DR6_START | DR6_BS
WANT_PUSHED dword, STACK0_CHECK, START_FLAGS | TF | IF, CS0, .return

STEP cpuid_traps, PM32, 3
    NEEDS CPUID
    SET eax, 0
CODE
    cpuid
EXPECT_STEP
WANT_BITS eax, 0                    ; the processor's name
WANT_BITS ebx, 0
WANT_BITS ecx, 0
WANT_BITS edx, 0

STEP memory_write_is_done_before_the_trap, PM32, 3
CODE
    mov [DATA], eax
EXPECT_STEP
WANT_MEMORY dword, DATA, 0xa1a2a3a4

STEP int_n_clears_tf_and_does_not_trap, PM32, 3
    GATE 40h, CS0, .handler, PRESENT | DPL(3) | INT_GATE32
CODE
    int 40h
.return:
.handler:
    nop
EXPECT LANDED, .end
WANT cs, CS0
WANT ss, DS0
WANT_PUSHED dword, STACK0, DS3 | 3, STACK3, START_FLAGS | TF, CS3 | 3, .return
WANT_FLAGS 0, TF

STEP int3_clears_tf_and_does_not_trap, PM32, 3
    GATE 3, CS0, .handler, PRESENT | DPL(3) | TRAP_GATE32
CODE
    int3
.return:
.handler:
    nop
EXPECT LANDED, .end
WANT cs, CS0
WANT ss, DS0
WANT_PUSHED dword, STACK0, DS3 | 3, STACK3, START_FLAGS | TF, CS3 | 3, .return
WANT_FLAGS 0, TF

STEP into_not_taken_traps, PM32, 3
    CLEAR_FLAGS OF
CODE
    into
EXPECT_STEP

STEP int_n_in_real_mode_clears_tf_and_does_not_trap, REAL, 0
    VECTOR16 40h, 0xf000, OFF16(.handler)
CODE
    int 40h
.return:
.handler:
    nop
EXPECT LANDED, OFF16(.end)
WANT_PUSHED word, STACK0_CHECK, START_FLAGS | TF, 0xf000, OFF16(.return)
WANT_FLAGS 0, TF

; A fault is no completed instruction: no BS. RF and TF are in its image.
STEP fault_ud_with_tf_does_not_trap, PM32, 3
CODE
    ud2
EXPECT UD
STEP fault_gp_with_tf_does_not_trap, PM32, 3
CODE
    hlt
EXPECT GP, 0
STEP fault_de_with_tf_does_not_trap, PM32, 3
    SET ecx, 0
CODE
    div ecx
EXPECT DE
STEP fault_of_memory_with_tf_does_not_trap, PM32, 3
    SET fs, 0
CODE
    mov eax, [fs:0]
EXPECT GP, 0
STEP fault_with_tf_does_not_trap_in_v86, V86, 3
CODE
    hlt
EXPECT GP, 0

STEP far_call_through_a_gate_traps_in_the_inner_ring, PM32, 3
    CALL_GATE FREE, CS0, .target, PRESENT | DPL(3) | CALL_GATE32
CODE
    call FREE | 3:0
.return:
    hlt
    AT
.target:
EXPECT_STEP
WANT cs, CS0
WANT ss, DS0
WANT_PUSHED dword, STACK0, DS3 | 3, STACK3, CS3 | 3, .return

STEP far_return_to_ring_3_traps_there, PM32, 0
    SET esp, STACK0_CHECK - 16
    PUT dword [STACK0_CHECK - 16], .target
    PUT dword [STACK0_CHECK - 12], CS3 | 3
    PUT dword [STACK0_CHECK - 8], STACK3
    PUT dword [STACK0_CHECK - 4], DS3 | 3
    SET ds, DS3 | 3
    SET es, DS3 | 3
    SET fs, DS3 | 3
    SET gs, DS3 | 3
CODE
    retf
    hlt
    AT
.target:
EXPECT_STEP
WANT cs, CS3 | 3
WANT ss, DS3 | 3
WANT esp, STACK3

%macro STEP_IRETD 4  ; name, EFLAGS before, EFLAGS in the image, number of NOPs at the target
CHECK step.iretd_to_ring_3_%1, "SDM 2A IRET, 3B 17.3.1.4"
    IN PM32, 0
    SET_FLAGS %2
    SET esp, STACK0_CHECK - 20
    PUT dword [STACK0_CHECK - 20], .target
    PUT dword [STACK0_CHECK - 16], CS3 | 3
    PUT dword [STACK0_CHECK - 12], START_FLAGS | (%3)
    PUT dword [STACK0_CHECK - 8], STACK3
    PUT dword [STACK0_CHECK - 4], DS3 | 3
    SET ds, DS3 | 3
    SET es, DS3 | 3
    SET fs, DS3 | 3
    SET gs, DS3 | 3
CODE
    iretd
    hlt
.target:
    times %4 nop
EXPECT_STEP
WANT cs, CS3 | 3
WANT ss, DS3 | 3
WANT esp, STACK3
WANT eflags, START_FLAGS | (%3)
%endmacro
STEP_IRETD sets_tf_for_its_target, 0, TF, 1
STEP_IRETD with_tf_traps_at_its_target, TF, 0, 0

CHECK step.iretd_to_v86_sets_tf_for_its_target, "SDM 2A IRET, 3B 17.3.1.4"
    IN PM32, 0
    SET esp, STACK0_CHECK - 36
    mov esi, .frame
    mov edi, STACK0_CHECK - 36
    mov ecx, 9
    rep movsd
    jmp .set_up
.frame:
    dd OFF16(.target), ROM_BASE >> 4, START_FLAGS | TF | VM, STACK3, 0, 0x801, 0x802, 0x803, 0x804
.set_up:
CODE
    iretd
    hlt
    bits 16
.target:
    nop
EXPECT_STEP
WANT eip, OFF16(.end)
WANT cs, ROM_BASE >> 4
WANT ss, 0
WANT esp, STACK3
WANT es, 0x801
WANT ds, 0x802
WANT fs, 0x803
WANT gs, 0x804
WANT eflags, START_FLAGS | TF | VM

; ---- repeated string instructions ----

; SDM 3B 17.3.1.1: a trap after any iteration but the last has RF = 1 in its image, EIP of the instruction. Bochs 2.7
; pushes RF = 0.
STEP rep_traps_after_each_iteration, PM32, 3
    SET ecx, 3
    SET edi, DATA
CODE
    AT
    rep stosb
EXPECT_STEP
WANT ecx, 2
WANT edi, DATA + 1
WANT_MEMORY byte, DATA, 0xa4
WANT_FLAGS RF, 0

STEP rep_traps_after_the_last_iteration_without_rf, PM32, 3
    SET ecx, 1
    SET edi, DATA
CODE
    rep stosb
EXPECT_STEP
WANT ecx, 0
WANT edi, DATA + 1
WANT_MEMORY byte, DATA, 0xa4

STEP rep_with_a_count_of_0_traps_after_it, PM32, 3
    SET ecx, 0
    SET edi, DATA
CODE
    rep stosb
EXPECT_STEP

STEP repe_cmpsb_that_ends_early_has_no_rf, PM32, 3
    SET ecx, 3
    SET esi, DATA
    SET edi, DATA2
    PUT byte [DATA], 1
CODE
    repe cmpsb
EXPECT_STEP
WANT ecx, 2
WANT esi, DATA + 1
WANT edi, DATA2 + 1
WANT_FLAGS 0, CF | AF | SF | OF

STEP repe_cmpsb_that_goes_on_has_rf, PM32, 3
    SET ecx, 3
    SET esi, DATA
    SET edi, DATA2
CODE
    AT
    repe cmpsb
EXPECT_STEP
WANT ecx, 2
WANT esi, DATA + 1
WANT edi, DATA2 + 1
WANT_FLAGS RF | ZF | PF, CF | AF | SF | OF

; ---- MOV SS, POP SS, LSS ----

%macro STEP_SS 3-4  ; name, mode, code, code behind it
STEP %1_in_%2, %2, 3
    %ifidni %2, V86
        SET eax, 0
        PUT dword [DATA + 0x20], STACK3
    %elifidni %2, PM16
        SET eax, DATA16_3 | 3
        PUT dword [DATA + 0x20], STACK3 | ((DATA16_3 | 3) << 16)
    %else
        SET eax, DS3 | 3
        PUT dword [DATA + 0x20], STACK3
        PUT word [DATA + 0x24], DS3 | 3
    %endif
CODE
    %3
    %4
EXPECT_STEP
%endmacro
STEP_SS mov_ss_holds_the_trap_off_for_one_instruction, PM32, {mov ss, ax}, {nop}
STEP_SS mov_ss_holds_the_trap_off_for_one_instruction, PM16, {mov ss, ax}, {nop}
STEP_SS mov_ss_holds_the_trap_off_for_one_instruction, V86, {mov ss, ax}, {nop}
STEP_SS lss_holds_nothing_off, PM32, {lss esp, [DATA + 0x20]}

STEP pop_ss_holds_the_trap_off_for_one_instruction, PM32, 3
    SET esp, STACK3 - 4
    PUT dword [STACK3 - 4], DS3 | 3
CODE
    pop ss
    nop
EXPECT_STEP
WANT esp, STACK3

STEP mov_ds_holds_nothing_off, PM32, 3
    SET eax, DS3 | 3
CODE
    mov ds, ax
EXPECT_STEP

; ================ instruction breakpoints ================

%macro BREAK 5  ; name, mode, CPL, number, DR7
CHECK break.%1, "SDM 3B 17.3.1.1"
    IN %2, %3
    DEBUG_REGISTER %4, ADDR(.hit)
    SET dr7, %5
%endmacro

; Every register, both enables, every mode: a fault before the instruction, RF = 0 in its image.
%macro BREAK_HIT 5  ; name, mode, CPL, number, DR7
BREAK dr%4_hits_in_%2_at_cpl_%3_with_%1, %2, %3, %4, %5
CODE
    nop
.hit:
    AT
    nop
EXPECT DB
WANT dr6, DR6_START | (DR6_B0 << %4)
%endmacro
%assign number 0
%rep 4
    BREAK_HIT l, PM32, 3, %[number], BREAK_L(number, 0, 0)
    BREAK_HIT g, PM32, 3, %[number], BREAK_G(number, 0, 0)
    BREAK_HIT both, PM32, 0, %[number], BREAK_L(number, 0, 0) | BREAK_G(number, 0, 0)
    BREAK_HIT g_and_le_ge, PM32, 1, %[number], BREAK_G(number, 0, 0) | 0x300
BREAK dr%[number]_disabled_does_nothing, PM32, 3, %[number], 0
CODE
.hit:
    nop
EXPECT END
    %assign number number + 1
%endrep

CHECK break.mov_dr7_enables_it_for_the_next_instruction, "SDM 2B MOV, 3A 8.3: MOV to a debug register serializes"
    IN PM32, 0
    DEBUG_REGISTER 2, ADDR(.hit)
    SET eax, BREAK_L(2, 0, 0)
CODE
    mov dr7, eax
    AT
.hit:
    nop
EXPECT DB
WANT dr6, DR6_START | 4
WANT dr7, DR7_START | BREAK_L(2, 0, 0)
WANT_BITS eflags, ~STATUS

CHECK break.mov_dr7_disables_it_for_the_next_instruction, "SDM 2B MOV, 3A 8.3"
    IN PM32, 0
    DEBUG_REGISTER 2, ADDR(.hit)
    SET dr7, BREAK_L(2, 0, 0)
    SET eax, 0
CODE
    mov dr7, eax
.hit:
    nop
EXPECT END
WANT dr7, DR7_START
WANT_BITS eflags, ~(STATUS | RF)

CHECK break.mov_dr3_moves_it_for_the_next_instruction, "SDM 2B MOV, 3A 8.3"
    IN PM32, 0
    DEBUG_REGISTER 3, DATA
    SET dr7, BREAK_G(3, 0, 0)
    SET eax, .hit
CODE
    mov dr3, eax
    nop
    AT
.hit:
    nop
EXPECT DB
WANT dr6, DR6_START | 8
WANT_BITS eflags, ~STATUS

CHECK break.two_on_one_instruction_set_both_bits, "SDM 3B 17.2.3"
    DEBUG_REGISTER 0, ADDR(.hit)
    DEBUG_REGISTER 3, ADDR(.hit)
    SET dr7, BREAK_L(0, 0, 0) | BREAK_G(3, 0, 0)
CODE
.hit:
    nop
EXPECT DB
WANT eip, .hit
WANT dr6, DR6_START | 9

BREAK comes_before_the_faults_of_the_instruction, PM32, 3, 0, BREAK_L(0, 0, 0)
CODE
.hit:
    AT
    ud2
EXPECT DB
WANT dr6, DR6_START | 1

CHECK break.comes_before_the_page_fault_of_the_fetch, "SDM 3A 6.9"
    PAGING P32
    DEBUG_REGISTER 0, WINDOW + 0x123
    SET dr7, BREAK_L(0, 0, 0)
    SET eax, WINDOW + 0x123
CODE
    jmp eax
EXPECT DB
WANT eip, WINDOW + 0x123
WANT dr6, DR6_START | 1

CHECK break.matches_linear_and_not_physical_addresses, "SDM 3B 17.2.1"
    PAGING P32
    PUT dword [PT_WINDOW], FRAME_A | PTE_ALL
    PUT dword [PD + 4], PT_WINDOW | PTE_ALL
    PUT dword [FRAME_A + 0x10], 0x0b0f9090
    DEBUG_REGISTER 0, WINDOW + 0x11
    DEBUG_REGISTER 1, FRAME_A + 0x10
    SET dr7, BREAK_L(0, 0, 0) | BREAK_L(1, 0, 0)
    SET eax, WINDOW + 0x10
CODE
    jmp eax
EXPECT DB
WANT eip, WINDOW + 0x11
WANT dr6, DR6_START | 1

CHECK break.inside_an_instruction_does_nothing, "SDM 3B 17.3.1.1"
    DEBUG_REGISTER 0, ADDR(.instruction) + 1
    DEBUG_REGISTER 1, ADDR(.instruction) + 4
    SET dr7, BREAK_L(0, 0, 0) | BREAK_L(1, 0, 0)
CODE
.instruction:
    mov eax, 0x12345678
EXPECT END
WANT eax, 0x12345678

CHECK break.behind_a_prefix_does_nothing, "SDM 3B 17.3.1.1"
    DEBUG_REGISTER 0, ADDR(.instruction) + 1
    SET dr7, BREAK_L(0, 0, 0)
CODE
.instruction:
    db 0x3e
    nop
EXPECT END

BREAK on_the_prefix_hits, PM32, 3, 0, BREAK_L(0, 0, 0)
CODE
    nop
    AT
.hit:
    db 0x3e, 0x66
    nop
EXPECT DB
WANT dr6, DR6_START | 1

CHECK break.reading_the_byte_does_nothing, "SDM 3B 17.2.4"
    DEBUG_REGISTER 0, DATA
    SET dr7, BREAK_L(0, 0, 0)
CODE
    mov eax, [DATA]
    mov [DATA], eax
EXPECT END
WANT eax, 0

BREAK hits_at_the_target_of_a_jump, PM32, 3, 0, BREAK_L(0, 0, 0)
CODE
    jmp .hit
    hlt
    AT
.hit:
    nop
EXPECT DB
WANT dr6, DR6_START | 1

BREAK hits_at_the_first_instruction_of_a_handler, PM32, 3, 0, BREAK_L(0, 0, 0)
    GATE 40h, CS0, .hit, PRESENT | DPL(3) | INT_GATE32
CODE
    int 40h
.return:
    AT
.hit:
    nop
EXPECT DB
WANT dr6, DR6_START | 1
WANT cs, CS0
WANT ss, DS0
WANT_PUSHED dword, STACK0, DS3 | 3, STACK3, START_FLAGS, CS3 | 3, .return

BREAK on_a_repeated_string_instruction_hits_before_it, PM32, 3, 0, BREAK_L(0, 0, 0)
    SET ecx, 3
    SET edi, DATA
CODE
    AT
.hit:
    rep stosb
EXPECT DB
WANT dr6, DR6_START | 1

BREAK does_not_hit_between_iterations, PM32, 3, 0, BREAK_L(0, 0, 0)
    SET_FLAGS RF
    SET ecx, 3
    SET edi, DATA
CODE
.hit:
    rep stosb
EXPECT END
WANT_FLAGS 0, RF
WANT ecx, 0
WANT edi, DATA + 3
WANT_MEMORY word, DATA, 0xa4a4
WANT_MEMORY byte, DATA + 2, 0xa4

; ---- RF ----

%macro BREAK_RF 2
BREAK rf_skips_one_in_%1_at_cpl_%2, %1, %2, 0, BREAK_L(0, 0, 0)
    SET_FLAGS RF
CODE
.hit:
    nop
EXPECT END
WANT_FLAGS 0, RF
BREAK rf_is_gone_after_one_instruction_in_%1_at_cpl_%2, %1, %2, 0, BREAK_L(0, 0, 0)
    SET_FLAGS RF
CODE
    nop
.hit:
    AT
    nop
EXPECT DB
WANT dr6, DR6_START | 1
WANT_FLAGS 0, RF
%endmacro
BREAK_RF PM32, 3
BREAK_RF PM32, 0

BREAK rf_is_gone_after_a_jump_to_itself, PM32, 3, 0, BREAK_L(0, 0, 0)
    SET_FLAGS RF
CODE
    AT
.hit:
    jmp .hit
EXPECT DB
WANT dr6, DR6_START | 1
WANT_FLAGS 0, RF

BREAK rf_is_in_the_image_of_a_fault, PM32, 3, 0, BREAK_L(0, 0, 0)
    SET_FLAGS RF
CODE
.hit:
    AT
    ud2
EXPECT UD

; The target of an IRETD with RF runs, the breakpoint on the next instruction hits.
CHECK break.iretd_sets_rf_for_its_target, "SDM 2A IRET, 3B 17.3.1.1"
    IN PM32, 0
    DEBUG_REGISTER 0, ADDR(.first)
    DEBUG_REGISTER 1, ADDR(.second)
    SET dr7, BREAK_L(0, 0, 0) | BREAK_L(1, 0, 0)
    SET esp, STACK0_CHECK - 12
    PUT dword [STACK0_CHECK - 12], .first
    PUT dword [STACK0_CHECK - 8], CS0
    PUT dword [STACK0_CHECK - 4], START_FLAGS | RF
CODE
    iretd
.first:
    nop
.second:
    AT
    nop
EXPECT DB
WANT esp, STACK0_CHECK
WANT dr6, DR6_START | 2

CHECK break.iretd_without_rf_hits_at_its_target, "SDM 2A IRET, 3B 17.3.1.1"
    IN PM32, 0
    DEBUG_REGISTER 0, ADDR(.first)
    SET dr7, BREAK_L(0, 0, 0)
    SET esp, STACK0_CHECK - 12
    PUT dword [STACK0_CHECK - 12], .first
    PUT dword [STACK0_CHECK - 8], CS0
    PUT dword [STACK0_CHECK - 4], START_FLAGS
CODE
    iretd
.first:
    AT
    nop
EXPECT DB
WANT esp, STACK0_CHECK
WANT dr6, DR6_START | 1

CHECK break.popfd_does_not_set_rf, "SDM 2B POPF"
    DEBUG_REGISTER 0, ADDR(.first)
    SET dr7, BREAK_L(0, 0, 0)
    SET esp, STACK3 - 4
    PUT dword [STACK3 - 4], START_FLAGS | RF
CODE
    popfd
.first:
    AT
    nop
EXPECT DB
WANT esp, STACK3
WANT dr6, DR6_START | 1

; The trap of the previous instruction comes first (table 6-2, class 4 before 7): EIP is the same, TF's image shows it.
CHECK break.a_single_step_comes_first, "SDM 3A 6.9"
    DEBUG_REGISTER 0, ADDR(.hit)
    SET dr7, BREAK_L(0, 0, 0)
    SET_FLAGS TF
CODE
    nop
    AT
.hit:
    nop
EXPECT DB
WANT dr6, DR6_START | DR6_BS
WANT_BITS dr6, ~1                   ; SDM 3B 17.2.3: B0 may tell of its condition as well

; ================ INT1 ================

%macro INT1 2
CHECK int1.is_a_debug_exception_without_dr6_in_%1_at_cpl_%2, "SDM 2A INT n"
    IN %1, %2
CODE
    db 0xf1
EXPECT DB
%endmacro
INT1 PM32, 3
INT1 PM32, 0
INT1 PM16, 3
INT1 REAL, 0

CHECK int1.with_tf_does_not_trap, "SDM 2A INT n"
    SET_FLAGS TF
CODE
    db 0xf1
EXPECT DB

; ================ the T flag of a TSS, DR7 and task switches ================

; JMP to the task of TSS_A, whose first instruction is at .target
%macro TASK_A 0-1 0
    START_TASK_A .target
    PUT word [TSS_A + TSS_T], %1
%endmacro
%macro WANT_TASK_A 0
    WANT_IN_TASK_A
    WANT_SAVED_TASK .return, START_FLAGS
    WANT_TYPE TSS_SEL, PRESENT | TSS32_TYPE
%endmacro

CHECK task.t_flag_traps_at_the_new_tasks_first_instruction, "SDM 3B 17.3.1.5"
    IN PM32, 0
    TASK_A 1
CODE
    jmp TSS_A_SEL:0
.return:
    AT
.target:
    nop
EXPECT DB
WANT_TASK_A
WANT dr6, DR6_START | DR6_BT

CHECK task.without_the_t_flag_no_trap, "SDM 3B 17.3.1.5"
    IN PM32, 0
    TASK_A
CODE
    jmp TSS_A_SEL:0
.return:
.target:
    nop
EXPECT END
WANT_TASK_A

CHECK task.switch_clears_the_local_enables_only, "SDM 3B 17.2.4"
    IN PM32, 0
    TASK_A
    DEBUG_REGISTER 0, 0x60000
    DEBUG_REGISTER 1, 0x60000
    DEBUG_REGISTER 2, 0x60000
    DEBUG_REGISTER 3, 0x60000
    SET dr7, 0xff | 0x300
CODE
    jmp TSS_A_SEL:0
.return:
.target:
    nop
EXPECT END
WANT_TASK_A
WANT dr7, DR7_START | 0xaa | 0x200
WANT_BITS dr7, ~0x100               ; of LE only the 386's manual says that it is cleared

CHECK task.switch_makes_local_breakpoints_fail_and_global_ones_hit, "SDM 3B 17.2.4"
    IN PM32, 0
    TASK_A
    DEBUG_REGISTER 0, ADDR(.target)
    DEBUG_REGISTER 1, ADDR(.hit)
    SET dr7, BREAK_L(0, 0, 0) | BREAK_G(1, 0, 0)
CODE
    jmp TSS_A_SEL:0
.return:
.target:
    nop
    AT
.hit:
    nop
EXPECT DB
WANT_TASK_A
WANT dr6, DR6_START | 2
WANT dr7, DR7_START | BREAK_G(1, 0, 0)

CHECK task.tf_of_the_new_task_traps_after_its_first_instruction, "SDM 3B 17.3.1.4"
    IN PM32, 0
    TASK_A
    PUT dword [TSS_A + TSS_EFLAGS], 2 | TF
CODE
    jmp TSS_A_SEL:0
.return:
.target:
    nop
EXPECT DB
WANT_TASK_A
WANT eflags, 2 | TF
WANT dr6, DR6_START | DR6_BS

CHECK task.rf_of_the_new_task_skips_its_breakpoint, "SDM 3B 17.3.1.1"
    IN PM32, 0
    TASK_A
    PUT dword [TSS_A + TSS_EFLAGS], 2 | RF
    DEBUG_REGISTER 0, ADDR(.target)
    SET dr7, BREAK_G(0, 0, 0)
CODE
    jmp TSS_A_SEL:0
.return:
.target:
    nop
EXPECT END
WANT_TASK_A

CHECK task.global_breakpoint_hits_at_the_new_tasks_first_instruction, "SDM 3B 17.3.1.1"
    IN PM32, 0
    TASK_A
    DEBUG_REGISTER 0, ADDR(.target)
    SET dr7, BREAK_G(0, 0, 0)
CODE
    jmp TSS_A_SEL:0
.return:
    AT
.target:
    nop
EXPECT DB
WANT_TASK_A
WANT dr6, DR6_START | 1

; Last, because QEMU 7.2 ends with a segmentation fault here
%assign number 0
%rep 4
    BREAK_HIT l, PM16, 3, %[number], BREAK_L(number, 0, 0)
    BREAK_HIT l, V86, 3, %[number], BREAK_L(number, 0, 0)
    BREAK_HIT l, REAL, 0, %[number], BREAK_L(number, 0, 0)
    %assign number number + 1
%endrep
BREAK_RF PM16, 3
BREAK_RF V86, 3
BREAK_RF REAL, 0

; 16 bits do not reach RF, which is clear after the IRET
CHECK break.iretw_does_not_set_rf, "SDM 2A IRET"
    IN PM16, 0
    DEBUG_REGISTER 0, ADDR(.first)
    SET dr7, BREAK_L(0, 0, 0)
    SET esp, STACK0_CHECK - 6
    PUT word [STACK0_CHECK - 6], OFF16(.first)
    PUT word [STACK0_CHECK - 4], CODE16_0
    PUT word [STACK0_CHECK - 2], START_FLAGS
CODE
    iretw
.first:
    AT
    nop
EXPECT DB
WANT esp, STACK0_CHECK
WANT dr6, DR6_START | 1

END_OF_CHECKS
