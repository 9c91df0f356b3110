; Data and I/O breakpoints, and how MOV SS and POP SS put debug traps off. SDM 3B 17.2, 17.3.1.2, 3A 6.8.3.
%include "lib/rom.inc"

WRITE           equ 1               ; R/W of DR7
PORT            equ 2
READ_WRITE      equ 3
BYTE1           equ 0               ; LEN
BYTES2          equ 1
BYTES4          equ 3
%define BREAK_L(n, rw, len) ((1 << ((n) * 2)) | ((rw) << (16 + (n) * 4)) | ((len) << (18 + (n) * 4)))
%define BREAK_G(n, rw, len) ((2 << ((n) * 2)) | ((rw) << (16 + (n) * 4)) | ((len) << (18 + (n) * 4)))

SPOT            equ DATA + 0x10     ; where breakpoints are, all zero

; Memory and EAX are 0, so that the code under test changes nothing.
%macro WATCH 5  ; name, mode, CPL, address, DR7 (breakpoint 0)
CHECK watch.%1, "SDM 3B 17.2.5, 17.3.1.2"
    IN %2, %3
    SET eax, 0
    DEBUG_REGISTER 0, %4
    SET dr7, %5
%endmacro
; The trap comes after the instruction: EIP behind it, RF = 0.
%macro EXPECT_WATCH 0-1 1
EXPECT DB
WANT dr6, DR6_START | (%1)
%endmacro

; ================ overlap ================

; Each length at its aligned address, each size of access, each distance: hit when one byte is common
%macro WATCH_OVERLAP 5  ; LEN, length, size, distance, direction
    %if %4 < 0
        %assign distance -(%4)
        %define side before
    %else
        %assign distance %4
        %define side behind
    %endif
WATCH_OVERLAP_NAMED %1, %2, %3, %4, %5, %[distance], %[side]
%endmacro
%macro WATCH_OVERLAP_NAMED 7
    %if %4 < %2 && %4 + %3 > 0
WATCH %5_of_%3_bytes_%6_%7_a_breakpoint_of_%2_hits, PM32, 3, SPOT, BREAK_L(0, %5_KIND, %1)
    %else
WATCH %5_of_%3_bytes_%6_%7_a_breakpoint_of_%2_misses, PM32, 3, SPOT, BREAK_L(0, %5_KIND, %1)
    %endif
CODE
    %ifidni %5, read
        %if %3 == 1
            mov al, [SPOT + (%4)]
        %elif %3 == 2
            mov ax, [SPOT + (%4)]
        %else
            mov eax, [SPOT + (%4)]
        %endif
    %else
        %if %3 == 1
            mov [SPOT + (%4)], al
        %elif %3 == 2
            mov [SPOT + (%4)], ax
        %else
            mov [SPOT + (%4)], eax
        %endif
    %endif
    %if %4 < %2 && %4 + %3 > 0
EXPECT_WATCH
    %else
EXPECT END
    %endif
%endmacro
read_KIND       equ READ_WRITE
write_KIND      equ WRITE
%macro WATCH_OVERLAPS 4  ; LEN, length, size, direction
    %assign at -(%3) - 1
    %rep %2 + %3 + 2
        WATCH_OVERLAP %1, %2, %3, %[at], %4
        %assign at at + 1
    %endrep
%endmacro
WATCH_OVERLAPS BYTE1, 1, 1, write
WATCH_OVERLAPS BYTE1, 1, 2, write
WATCH_OVERLAPS BYTE1, 1, 4, read
WATCH_OVERLAPS BYTES2, 2, 1, read
WATCH_OVERLAPS BYTES2, 2, 2, write
WATCH_OVERLAPS BYTES2, 2, 4, write
WATCH_OVERLAPS BYTES4, 4, 1, write
WATCH_OVERLAPS BYTES4, 4, 2, read
WATCH_OVERLAPS BYTES4, 4, 4, write

; SDM 3B 17.2.5: the low bits of the address are masked by the length.
%macro WATCH_MASKED 4  ; LEN, length, low bits, distance of the access from SPOT
WATCH address_%3_of_length_%2_is_aligned_access_at_%4, PM32, 3, SPOT + %3, BREAK_L(0, WRITE, %1)
CODE
    mov [SPOT + %4], al
    %if %4 < %2
EXPECT_WATCH
    %else
EXPECT END
    %endif
%endmacro
WATCH_MASKED BYTES2, 2, 1, 0
WATCH_MASKED BYTES2, 2, 1, 1
WATCH_MASKED BYTES2, 2, 1, 2
WATCH_MASKED BYTES4, 4, 1, 0
WATCH_MASKED BYTES4, 4, 1, 4
WATCH_MASKED BYTES4, 4, 2, 0
WATCH_MASKED BYTES4, 4, 2, 3
WATCH_MASKED BYTES4, 4, 2, 4
WATCH_MASKED BYTES4, 4, 3, 0
WATCH_MASKED BYTES4, 4, 3, 6

; ================ kinds, registers, modes ================

%macro WATCH_REGISTER 1
CHECK watch.dr%1_hits_with_l, "SDM 3B 17.2.4"
    SET eax, 0
    DEBUG_REGISTER %1, SPOT
    SET dr7, BREAK_L(%1, WRITE, BYTES4)
CODE
    mov [SPOT], eax
EXPECT_WATCH 1 << %1
CHECK watch.dr%1_hits_with_g, "SDM 3B 17.2.4"
    SET eax, 0
    DEBUG_REGISTER %1, SPOT
    SET dr7, BREAK_G(%1, READ_WRITE, BYTES4)
CODE
    mov eax, [SPOT]
EXPECT_WATCH 1 << %1
CHECK watch.dr%1_disabled_does_nothing, "SDM 3B 17.2.4"
    SET eax, 0
    DEBUG_REGISTER %1, SPOT
    SET dr7, BREAK_L(%1, READ_WRITE, BYTES4) & ~0xff
CODE
    mov eax, [SPOT]
    mov [SPOT], eax
EXPECT END
%endmacro
WATCH_REGISTER 0
WATCH_REGISTER 1
WATCH_REGISTER 2
WATCH_REGISTER 3

WATCH write_breakpoint_ignores_reads, PM32, 3, SPOT, BREAK_L(0, WRITE, BYTES4)
CODE
    mov eax, [SPOT]
EXPECT END

WATCH write_breakpoint_hits_read_and_write, PM32, 3, SPOT, BREAK_L(0, WRITE, BYTES4)
    CLEAR_FLAGS CF | AF | SF | OF
    SET_FLAGS ZF | PF
CODE
    add [SPOT], eax
EXPECT_WATCH

WATCH read_write_breakpoint_hits_writes, PM32, 3, SPOT, BREAK_L(0, READ_WRITE, BYTES4)
CODE
    mov [SPOT], eax
EXPECT_WATCH

CHECK watch.read_write_breakpoint_ignores_execution, "SDM 3B 17.2.4"
    DEBUG_REGISTER 0, ADDR(.here)
    SET dr7, BREAK_L(0, READ_WRITE, BYTES4)
CODE
.here:
    nop
    nop
EXPECT END

CHECK watch.two_registers_on_one_spot_set_both_bits, "SDM 3B 17.2.3"
    SET eax, 0
    DEBUG_REGISTER 1, SPOT
    DEBUG_REGISTER 2, SPOT + 2
    SET dr7, BREAK_L(1, WRITE, BYTE1) | BREAK_G(2, READ_WRITE, BYTES2)
CODE
    mov [SPOT], eax
EXPECT_WATCH 6

WATCH ge_and_le_make_no_difference, PM32, 3, SPOT, BREAK_L(0, WRITE, BYTES4) | 0x300
CODE
    mov [SPOT], eax
EXPECT_WATCH

WATCH in_16_bit_code, PM16, 3, SPOT, BREAK_L(0, WRITE, BYTES4)
CODE
    mov [SPOT], eax
EXPECT_WATCH
WATCH in_v86_by_linear_address, V86, 3, SPOT, BREAK_L(0, WRITE, BYTES4)
CODE
    mov [0x10], eax
EXPECT_WATCH
WATCH in_real_mode_by_linear_address, REAL, 0, SPOT, BREAK_L(0, WRITE, BYTES4)
CODE
    mov [0x10], eax
EXPECT_WATCH
%assign cpl 0
%rep 3
WATCH at_cpl_%[cpl], PM32, %[cpl], SPOT, BREAK_G(0, READ_WRITE, BYTES4)
CODE
    mov eax, [SPOT]
EXPECT_WATCH
    %assign cpl cpl + 1
%endrep

WATCH linear_address_and_not_the_physical, PM32, 3, WINDOW + 0x10, BREAK_L(0, WRITE, BYTES4)
    PAGING P32
    DEBUG_REGISTER 1, SPOT
    SET dr7, BREAK_L(0, WRITE, BYTES4) | BREAK_L(1, WRITE, BYTES4)
    PUT dword [PT_WINDOW], DATA | PTE_ALL
    PUT dword [PD + 4], PT_WINDOW | PTE_ALL
CODE
    mov [WINDOW + 0x10], eax
EXPECT_WATCH

WATCH access_over_two_pages, PM32, 3, WINDOW + 0x1000, BREAK_L(0, WRITE, BYTE1)
    PAGING P32
    PUT dword [PT_WINDOW], DATA | PTE_ALL
    PUT dword [PT_WINDOW + 4], DATA2 | PTE_ALL
    PUT dword [PD + 4], PT_WINDOW | PTE_ALL
CODE
    mov [WINDOW + 0xffe], eax
EXPECT_WATCH

; ================ instructions ================

; The access is done, and so is the rest of the instruction, before the trap.
CHECK watch.write_is_done_before_the_trap, "SDM 3B 17.3.1.2"
    DEBUG_REGISTER 0, SPOT
    SET dr7, BREAK_L(0, WRITE, BYTES4)
CODE
    mov [SPOT], eax
EXPECT_WATCH
WANT_MEMORY dword, SPOT, 0xa1a2a3a4

CHECK watch.push_hits, "SDM 3B 17.3.1.2"
    DEBUG_REGISTER 0, STACK3 - 4
    SET dr7, BREAK_L(0, WRITE, BYTES4)
CODE
    push eax
EXPECT_WATCH
WANT_PUSHED dword, STACK3, 0xa1a2a3a4

CHECK watch.pop_hits, "SDM 3B 17.3.1.2"
    DEBUG_REGISTER 0, STACK3 - 4
    SET dr7, BREAK_L(0, READ_WRITE, BYTES4)
    SET esp, STACK3 - 4
CODE
    pop eax
EXPECT_WATCH
WANT esp, STACK3
WANT eax, 0

CHECK watch.call_hits_at_its_target, "SDM 3B 17.3.1.2"
    DEBUG_REGISTER 0, STACK3 - 4
    SET dr7, BREAK_L(0, WRITE, BYTES4)
CODE
    call .target
.return:
    hlt
    AT
.target:
EXPECT_WATCH
WANT_PUSHED dword, STACK3, .return

CHECK watch.ret_hits_at_its_target, "SDM 3B 17.3.1.2"
    DEBUG_REGISTER 0, STACK3 - 4
    SET dr7, BREAK_L(0, READ_WRITE, BYTES4)
    SET esp, STACK3 - 4
    PUT dword [STACK3 - 4], .target
CODE
    ret
    hlt
    AT
.target:
EXPECT_WATCH
WANT esp, STACK3

CHECK watch.pusha_hits_in_the_middle, "SDM 3B 17.3.1.2"
    DEBUG_REGISTER 0, STACK3 - 16
    SET dr7, BREAK_L(0, WRITE, BYTE1)
CODE
    pushad
EXPECT_WATCH
WANT_PUSHED dword, STACK3, 0xa1a2a3a4, 0xc1c2c3c4, 0xd1d2d3d4, 0xb1b2b3b4, STACK3, 0xe1e2e3e4, 0x51525354, 0x71727374

CHECK watch.xchg_hits, "SDM 3B 17.3.1.2"
    DEBUG_REGISTER 0, SPOT
    SET dr7, BREAK_L(0, WRITE, BYTES4)
CODE
    xchg eax, [SPOT]
EXPECT_WATCH
WANT eax, 0
WANT_MEMORY dword, SPOT, 0xa1a2a3a4

CHECK watch.movsd_hits_both_its_operands, "SDM 3B 17.3.1.2"
    DEBUG_REGISTER 0, SPOT
    DEBUG_REGISTER 1, DATA2
    SET dr7, BREAK_L(0, READ_WRITE, BYTES4) | BREAK_L(1, WRITE, BYTES4)
    SET esi, SPOT
    SET edi, DATA2
CODE
    movsd
EXPECT_WATCH 3
WANT esi, SPOT + 4
WANT edi, DATA2 + 4

CHECK watch.jmp_through_memory_hits_at_its_target, "SDM 3B 17.3.1.2"
    DEBUG_REGISTER 0, SPOT
    SET dr7, BREAK_L(0, READ_WRITE, BYTES4)
    PUT dword [SPOT], .target
CODE
    jmp [SPOT]
    hlt
    AT
.target:
EXPECT_WATCH

CHECK watch.lea_does_not_access, "SDM 3B 17.3.1.2"
    DEBUG_REGISTER 0, SPOT
    SET dr7, BREAK_L(0, READ_WRITE, BYTES4)
CODE
    lea eax, [SPOT]
EXPECT END
WANT eax, SPOT

CHECK watch.with_tf_sets_bs_too, "SDM 3B 17.2.3"
    SET eax, 0
    SET_FLAGS TF
    DEBUG_REGISTER 0, SPOT
    SET dr7, BREAK_L(0, WRITE, BYTES4)
CODE
    mov [SPOT], eax
EXPECT_WATCH DR6_BS | 1

; The trap comes before the breakpoint on the next instruction (table 6-2).
CHECK watch.comes_before_an_instruction_breakpoint, "SDM 3A 6.9"
    SET eax, 0
    DEBUG_REGISTER 0, SPOT
    DEBUG_REGISTER 1, ADDR(.next)
    SET dr7, BREAK_L(0, WRITE, BYTES4) | BREAK_L(1, 0, 0)
CODE
    mov [SPOT], eax
    AT
.next:
    nop
EXPECT_WATCH
WANT_BITS dr6, ~2                   ; SDM 3B 17.2.3: B1 may tell of its condition as well

CHECK watch.comes_before_the_fault_of_the_next_instruction, "SDM 3A 6.9"
    SET eax, 0
    DEBUG_REGISTER 0, SPOT
    SET dr7, BREAK_L(0, WRITE, BYTES4)
CODE
    mov [SPOT], eax
    AT
    ud2
EXPECT_WATCH

; An instruction that faults has not accessed its operand.
CHECK watch.a_limit_fault_does_not_hit, "SDM 3B 17.3.1.2"
    DESC FREE, 0, SPOT + 2, PRESENT | DPL(3) | DATA_RW, BIG
    SET fs, FREE | 3
    DEBUG_REGISTER 0, SPOT
    SET dr7, BREAK_L(0, READ_WRITE, BYTES4)
CODE
    mov eax, [fs:SPOT]
EXPECT GP, 0

CHECK watch.a_page_fault_does_not_hit, "SDM 3B 17.3.1.2"
    PAGING P32
    DEBUG_REGISTER 0, WINDOW + 0x10
    SET dr7, BREAK_L(0, READ_WRITE, BYTES4)
CODE
    mov eax, [WINDOW + 0x10]
EXPECT PF, 4
WANT cr2, WINDOW + 0x10
WANT_ANY PD + 4, 1                  ; SDM 3A 4.8 leaves it open

; The breakpoint is hit by the first access, the second faults: the instruction is not completed, no trap follows.
CHECK watch.read_before_a_page_fault_does_not_trap, "SDM 3B 17.3.1.2"
    PAGING P32
    DEBUG_REGISTER 0, SPOT
    SET dr7, BREAK_L(0, READ_WRITE, BYTES4)
    SET esi, SPOT
    SET edi, WINDOW
CODE
    movsd
EXPECT PF, 6
WANT cr2, WINDOW
WANT_ANY PD + 4, 1                  ; SDM 3A 4.8 leaves it open

CHECK watch.read_before_a_stack_fault_does_not_trap, "SDM 3B 17.3.1.2"
    IN PM16, 3
    DEBUG_REGISTER 0, SPOT
    SET dr7, BREAK_L(0, READ_WRITE, BYTES4)
    SET esp, 1
CODE
    push word [SPOT]
EXPECT SS, 0

CHECK watch.rf_does_not_hold_it_off, "SDM 3B 17.3.1.1"
    SET eax, 0
    SET_FLAGS RF
    DEBUG_REGISTER 0, SPOT
    SET dr7, BREAK_L(0, WRITE, BYTES4)
CODE
    mov [SPOT], eax
EXPECT_WATCH
WANT_FLAGS 0, RF

; The last iteration: RF = 0 and EIP behind the instruction
CHECK watch.rep_stosb_hits_in_the_last_iteration, "SDM 3B 17.3.1.2"
    DEBUG_REGISTER 0, SPOT + 2
    SET dr7, BREAK_L(0, WRITE, BYTE1)
    SET edi, SPOT
    SET ecx, 3
CODE
    rep stosb
EXPECT_WATCH
WANT edi, SPOT + 3
WANT ecx, 0
WANT_MEMORY word, SPOT, 0xa4a4
WANT_MEMORY byte, SPOT + 2, 0xa4

; SDM 3B 17.3.1.2: REP MOVS and STOS may report a hit after the iteration or later; INS, CMPS and the others after it.
; A trap before the last iteration has RF = 1 in its image (17.3.1.1); Bochs 2.7 pushes RF = 0.
CHECK watch.repe_cmpsb_hits_after_the_iteration, "SDM 3B 17.3.1.2"
    DEBUG_REGISTER 0, SPOT + 1
    SET dr7, BREAK_L(0, READ_WRITE, BYTE1)
    SET esi, SPOT
    SET edi, DATA2
    SET ecx, 4
CODE
    AT
    repe cmpsb
EXPECT_WATCH
WANT esi, SPOT + 2
WANT edi, DATA2 + 2
WANT ecx, 2
WANT_FLAGS RF | ZF | PF, CF | AF | SF | OF

; ================ I/O breakpoints ================

PORT_FREE       equ 0x84            ; unused page registers of the DMA controller

%macro IO_BREAK 5  ; name, mode, CPL, port, LEN
CHECK port.%1, "SDM 3B 17.2.4, 17.2.5, 17.3.1.2"
    IN %2, %3
    NEEDS DE
    SET_CR4 CR4_DE
    SET_FLAGS IOPL(3)
    SET edx, PORT_FREE
    %ifidni %2, V86
        PUT dword [TSS + TSS_BITMAP + 0x10], 0
    %endif
    DEBUG_REGISTER 0, %4
    SET dr7, BREAK_L(0, PORT, %5)
%endmacro
%macro IO_MODE 2
IO_BREAK out_hits_in_%1_at_cpl_%2, %1, %2, PORT_FREE, BYTE1
CODE
    out PORT_FREE, al
EXPECT_WATCH
IO_BREAK in_hits_in_%1_at_cpl_%2, %1, %2, PORT_FREE, BYTE1
CODE
    in al, dx
EXPECT_WATCH
WANT_BITS eax, 0xffffff00           ; what is read is the device's
%endmacro
IO_MODE PM32, 3
IO_MODE PM32, 0
IO_MODE PM16, 3
IO_MODE V86, 3
IO_MODE REAL, 0

%macro IO_OVERLAP 6  ; LEN, length, size, distance of the access, side, distance as a name
    %if %4 < %2 && %4 + %3 > 0
IO_BREAK out_of_%3_bytes_%6_%5_a_breakpoint_of_%2_hits, PM32, 3, PORT_FREE, %1
    %else
IO_BREAK out_of_%3_bytes_%6_%5_a_breakpoint_of_%2_misses, PM32, 3, PORT_FREE, %1
    %endif
CODE
    %if %3 == 1
        out PORT_FREE + (%4), al
    %elif %3 == 2
        out PORT_FREE + (%4), ax
    %else
        out PORT_FREE + (%4), eax
    %endif
    %if %4 < %2 && %4 + %3 > 0
EXPECT_WATCH
    %else
EXPECT END
    %endif
%endmacro
IO_OVERLAP BYTE1, 1, 1, 1, behind, 1
IO_OVERLAP BYTE1, 1, 2, 0, behind, 0
IO_OVERLAP BYTE1, 1, 2, -1, before, 1
IO_OVERLAP BYTE1, 1, 4, -3, before, 3
IO_OVERLAP BYTES2, 2, 1, 0, behind, 0
IO_OVERLAP BYTES2, 2, 1, 1, behind, 1
IO_OVERLAP BYTES2, 2, 1, 2, behind, 2
IO_OVERLAP BYTES2, 2, 2, -1, before, 1
IO_OVERLAP BYTES4, 4, 1, 0, behind, 0
IO_OVERLAP BYTES4, 4, 1, 2, behind, 2
IO_OVERLAP BYTES4, 4, 2, -1, before, 1
IO_OVERLAP BYTES4, 4, 4, 0, behind, 0
IO_OVERLAP BYTES4, 4, 1, -1, before, 1

IO_BREAK memory_at_the_same_number_does_not_hit, PM32, 0, DATA, BYTES4
    SET eax, 0
CODE
    mov [DATA], eax
    mov eax, [DATA]
EXPECT END

IO_BREAK outsb_hits, PM32, 3, PORT_FREE, BYTE1
    SET esi, DATA
CODE
    outsb
EXPECT_WATCH
WANT esi, DATA + 1

IO_BREAK insb_hits, PM32, 3, PORT_FREE, BYTE1
    SET edi, DATA
CODE
    insb
EXPECT_WATCH
WANT edi, DATA + 1
WANT_ANY DATA, 1                    ; what is read is the device's

; RF = 1 in the image before the last iteration (17.3.1.1); Bochs 2.7 pushes RF = 0.
IO_BREAK rep_outsb_hits_after_each_iteration, PM32, 3, PORT_FREE, BYTE1
    SET esi, DATA
    SET ecx, 3
CODE
    AT
    rep outsb
EXPECT_WATCH
WANT esi, DATA + 1
WANT ecx, 2
WANT_FLAGS RF, 0

IO_BREAK forbidden_port_does_not_hit, PM32, 3, PORT_FREE, BYTE1
    CLEAR_FLAGS IOPL(3)
CODE
    out PORT_FREE, al
EXPECT GP, 0

CHECK port.disabled_does_nothing, "SDM 3B 17.2.4"
    NEEDS DE
    SET_CR4 CR4_DE
    SET_FLAGS IOPL(3)
    DEBUG_REGISTER 0, PORT_FREE
    SET dr7, BREAK_L(0, PORT, BYTE1) & ~0xff
CODE
    out PORT_FREE, al
EXPECT END

; ================ MOV SS, POP SS ================

; A data breakpoint hit by MOV SS or POP SS is reported after the instruction behind it.
SS_SPOT         equ DATA + 0x20

%macro WATCH_SS 4  ; name, mode, breakpoint, SS
CHECK shadow.%1, "SDM 3A 6.8.3, 2B MOV"
    IN %2, 3
    PUT word [SS_SPOT], %4
    DEBUG_REGISTER 0, %3
    SET dr7, BREAK_L(0, READ_WRITE, BYTES2)
%endmacro

WATCH_SS mov_ss_reports_after_the_next_instruction, PM32, SS_SPOT, DS3 | 3
CODE
    mov ss, [SS_SPOT]
    nop
EXPECT_WATCH

WATCH_SS mov_ss_reports_after_the_next_instruction_in_v86, V86, SS_SPOT, 0
CODE
    mov ss, [0x20]
    nop
EXPECT_WATCH

CHECK shadow.mov_ss_reports_after_the_next_instruction_in_real_mode, "SDM 3A 6.8.3, 2B MOV"
    IN REAL
    DEBUG_REGISTER 0, SS_SPOT
    SET dr7, BREAK_L(0, READ_WRITE, BYTES2)
CODE
    mov ss, [0x20]
    nop
EXPECT_WATCH

CHECK shadow.pop_ss_reports_after_the_next_instruction, "SDM 3A 6.8.3, 2B POP"
    SET esp, STACK3 - 4
    PUT dword [STACK3 - 4], DS3 | 3
    DEBUG_REGISTER 0, STACK3 - 4
    SET dr7, BREAK_L(0, READ_WRITE, BYTES4)
CODE
    pop ss
    nop
EXPECT_WATCH
WANT esp, STACK3

CHECK shadow.lss_reports_at_once, "SDM 3A 6.8.3"
    PUT dword [SS_SPOT], STACK3
    PUT word [SS_SPOT + 4], DS3 | 3
    DEBUG_REGISTER 0, SS_SPOT
    SET dr7, BREAK_L(0, READ_WRITE, BYTES4)
CODE
    lss esp, [SS_SPOT]
    AT
    ud2
EXPECT_WATCH

CHECK shadow.mov_ds_reports_at_once, "SDM 3A 6.8.3"
    PUT word [SS_SPOT], DS3 | 3
    DEBUG_REGISTER 0, SS_SPOT
    SET dr7, BREAK_L(0, READ_WRITE, BYTES2)
CODE
    mov ds, [SS_SPOT]
    AT
    ud2
EXPECT_WATCH

; Both instructions hit a breakpoint: one trap tells of both.
CHECK shadow.mov_ss_and_the_next_instruction_report_together, "SDM 3A 6.8.3"
    SET eax, 0
    PUT word [SS_SPOT], DS3 | 3
    DEBUG_REGISTER 0, SS_SPOT
    DEBUG_REGISTER 3, SPOT
    SET dr7, BREAK_L(0, READ_WRITE, BYTES2) | BREAK_L(3, WRITE, BYTES4)
CODE
    mov ss, [SS_SPOT]
    mov [SPOT], eax
EXPECT_WATCH 9

; ... and with TF
WATCH_SS mov_ss_with_tf_reports_both_after_the_next_instruction, PM32, SS_SPOT, DS3 | 3
    SET_FLAGS TF
CODE
    mov ss, [SS_SPOT]
    nop
EXPECT_WATCH 1 | DR6_BS

; The next instruction enters a handler: the trap is taken at the handler's first instruction, at its CPL (what
; operating systems learned in 2018, CVE-2018-8897). Bochs 2.7 loses it, QEMU 7.2 reports it after the MOV SS.
%macro SHADOW_INT 3  ; name, vector, code
WATCH_SS mov_ss_reports_in_the_handler_of_%1, PM32, SS_SPOT, DS3 | 3
    GATE %2, CS0, .handler, PRESENT | DPL(3) | INT_GATE32
CODE
    mov ss, [SS_SPOT]
    %3
.return:
    AT
.handler:
    nop
EXPECT_WATCH
WANT cs, CS0
WANT ss, DS0
WANT_PUSHED dword, STACK0, DS3 | 3, STACK3, START_FLAGS, CS3 | 3, .return
%endmacro
SHADOW_INT int3, 3, {int3}
SHADOW_INT int_n, 40h, {int 40h}
SHADOW_INT into, 4, {into}

WATCH_SS mov_ss_reports_at_the_entry_of_sysenter, PM32, SS_SPOT, DS3 | 3
    NEEDS SEP
    MSR MSR_SYSENTER_CS, CS0
    MSR MSR_SYSENTER_ESP, STACK0
    MSR MSR_SYSENTER_EIP, .entry
CODE
    mov ss, [SS_SPOT]
    sysenter
    AT
.entry:
    nop
EXPECT_WATCH
WANT cs, CS0
WANT ss, DS0
WANT esp, STACK0

END_OF_CHECKS
