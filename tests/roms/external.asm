; External interrupts through the 8259A: when they are taken, what is saved, EXT in the faults of their delivery, the
; shadow of STI, HLT, interrupted REP, and their rank among other events. SDM 3A 6.3, 6.8, 6.9, 6.13, 2A HLT, 2B STI.
%include "lib/rom.inc"

VECTOR_IRQ4     equ 0x24
VECTOR_IRQ8     equ 0x28

; Waits until the first 8259A has a request of the lines in AH.
wait_master:
    mov al, 0x0a
    out 0x20, al
    mov ecx, 10000000
.wait:
    in al, 0x20
    test al, ah
    jnz .end
    loop .wait
.end:
    ret

; IRQ0 in less than a millisecond
soon_start:
    mov al, 0x30
    out 0x43, al
    mov al, 0xe8
    out 0x40, al
    mov al, 3
    out 0x40, al
    mov al, 0xfe
    out 0x21, al
    ret

; ================ IF ================

; Taken before the first instruction; RF = 0 in the image.
%macro TAKEN 4  ; name, mode, CPL, flags
CHECK irq.taken_in_%2_at_cpl_%3_%1, "SDM 3A 6.8.1"
    IN %2, %3
    SET_FLAGS IF | (%4)
    REQUEST_IRQ0
CODE
    AT
    nop
EXPECT VECTOR, VECTOR_IRQ0
%endmacro
%macro NOT_TAKEN 4
CHECK irq.held_off_in_%2_at_cpl_%3_%1, "SDM 3A 6.8.1"
    IN %2, %3
    SET_FLAGS %4
    REQUEST_IRQ0
CODE
    nop
    nop
    nop
EXPECT END
%endmacro
%macro IF_DECIDES 2
    TAKEN with_if, %1, %2, 0
    TAKEN with_if_and_iopl_3, %1, %2, IOPL(3)
    TAKEN with_if_and_nt_df, %1, %2, NT | DF
    NOT_TAKEN without_if, %1, %2, 0
    NOT_TAKEN without_if_with_iopl_3, %1, %2, IOPL(3)
%endmacro
%assign cpl 0
%rep 4
    IF_DECIDES PM32, %[cpl]
    %assign cpl cpl + 1
%endrep
IF_DECIDES PM16, 0
IF_DECIDES PM16, 3
IF_DECIDES V86, 3
IF_DECIDES REAL, 0

; VIF is the program's: only IF counts for the processor.
%macro VIRTUAL_IF 4  ; name, mode, CR4, flags
CHECK irq.%1, "SDM 3B 20.3.2, 20.4"
    IN %2, 3
    NEEDS VME
    SET_CR4 %3
    SET_FLAGS %4
    REQUEST_IRQ0
CODE
    AT
    nop
%endmacro
VIRTUAL_IF taken_in_v86_with_vme_and_vif_clear, V86, CR4_VME, IF
EXPECT VECTOR, VECTOR_IRQ0
VIRTUAL_IF taken_in_v86_with_vme_and_vif_set, V86, CR4_VME, IF | VIF
EXPECT VECTOR, VECTOR_IRQ0
VIRTUAL_IF taken_with_pvi_and_vif_clear, PM32, CR4_PVI, IF
EXPECT VECTOR, VECTOR_IRQ0
VIRTUAL_IF held_off_in_v86_with_vme_and_vif_without_if, V86, CR4_VME, VIF
EXPECT END
VIRTUAL_IF held_off_with_pvi_and_vif_without_if, PM32, CR4_PVI, VIF
EXPECT END

CHECK irq.rf_in_the_image_stays, "SDM 3B 17.3.1.1"
    SET_FLAGS IF | RF
    REQUEST_IRQ0
CODE
    AT
    nop
EXPECT VECTOR, VECTOR_IRQ0

CHECK irq.frame_of_an_interrupt_at_the_same_ring, "SDM 3A 6.12.1"
    IN PM32, 0
    SET_FLAGS IF | NT | TF
    GATE VECTOR_IRQ0, CS0, .handler, PRESENT | INT_GATE32
    REQUEST_IRQ0
CODE
    nop
    nop
.handler:
EXPECT END
WANT_FLAGS 0, IF | NT | TF
WANT_PUSHED dword, STACK0_CHECK, START_FLAGS | IF | NT | TF, CS0, .code

CHECK irq.frame_of_an_interrupt_from_ring_3, "SDM 3A 6.12.1"
    SET_FLAGS IF | NT
    GATE VECTOR_IRQ0, CS0, .handler, PRESENT | INT_GATE32
    REQUEST_IRQ0
CODE
    nop
    nop
.handler:
EXPECT END
WANT cs, CS0
WANT ss, DS0
WANT_FLAGS 0, IF | NT
WANT_PUSHED dword, STACK0, DS3 | 3, STACK3, START_FLAGS | IF | NT, CS3 | 3, .code

CHECK irq.through_a_16_bit_gate, "SDM 3A 6.12.1"
    IN PM16, 0
    SET_FLAGS IF
    GATE VECTOR_IRQ0, CODE16_0, OFF16(.handler), PRESENT | INT_GATE16
    REQUEST_IRQ0
CODE
    nop
.handler:
EXPECT END
WANT_FLAGS 0, IF
WANT_PUSHED word, STACK0_CHECK, START_FLAGS | IF, CODE16_0, OFF16(.code)

CHECK irq.frame_in_real_mode, "SDM 3B 20.1.4"
    IN REAL
    SET_FLAGS IF
    VECTOR16 VECTOR_IRQ0, 0xf000, OFF16(.handler)
    REQUEST_IRQ0
CODE
    nop
.handler:
EXPECT END
WANT_FLAGS 0, IF
WANT_PUSHED word, STACK0_CHECK, START_FLAGS | IF, 0xf000, OFF16(.code)

; Handlers of inner rings run on their ring's stack, conforming ones at the interrupted CPL on its stack.
%macro IRQ_INNER 4  ; ring, selector of the handler, top of its stack, SS
CHECK irq.handler_of_ring_%1_runs_on_its_stack, "SDM 3A 6.12.1"
    SET_FLAGS IF
    GATE VECTOR_IRQ0, %2, .handler, PRESENT | INT_GATE32
    REQUEST_IRQ0
CODE
    nop
.handler:
EXPECT END
WANT cs, (%2) | %1
WANT ss, (%4) | %1
WANT_FLAGS 0, IF
WANT_PUSHED dword, %3, DS3 | 3, STACK3, START_FLAGS | IF, CS3 | 3, .code
%endmacro
IRQ_INNER 1, CS1, STACK1, DS1
IRQ_INNER 2, CS2, STACK2, DS2

%macro IRQ_CONFORMING 2
CHECK irq.conforming_handler_of_dpl_%1_keeps_cpl_%2, "SDM 3A 6.12.1"
    IN PM32, %2
    SET_FLAGS IF
    DESC FREE, 0, 0xfffff, PRESENT | DPL(%1) | CODE_CONFORMING_R | ACCESSED, BIG | PAGES_4K
    GATE VECTOR_IRQ0, FREE, .handler, PRESENT | INT_GATE32
    REQUEST_IRQ0
CODE
    nop
.handler:
EXPECT END
WANT cs, FREE | %2
WANT_FLAGS 0, IF
    %if %2 == 3
        WANT_PUSHED dword, STACK3, START_FLAGS | IF, CS3 | 3, .code
    %elif %2 == 2
        WANT_PUSHED dword, STACK2, START_FLAGS | IF, CS2 | 2, .code
    %else
        WANT_PUSHED dword, STACK1, START_FLAGS | IF, CS1 | 1, .code
    %endif
%endmacro
IRQ_CONFORMING 0, 3
IRQ_CONFORMING 3, 3
IRQ_CONFORMING 1, 2
IRQ_CONFORMING 0, 1

CHECK irq.handler_in_the_ldt, "SDM 3A 6.12.1"
    SET_FLAGS IF
    DESC 8 | TI, 0, 0xfffff, PRESENT | CODE_XR | ACCESSED, BIG | PAGES_4K
    GATE VECTOR_IRQ0, 8 | TI | 3, .handler, PRESENT | INT_GATE32    ; the gate's RPL does not count
    REQUEST_IRQ0
CODE
    nop
.handler:
EXPECT END
WANT cs, 8 | TI
WANT ss, DS0
WANT_FLAGS 0, IF
WANT_PUSHED dword, STACK0, DS3 | 3, STACK3, START_FLAGS | IF, CS3 | 3, .code

; The gate's DPL is for software (SDM 3A 6.12.1.1).
CHECK irq.gate_dpl_does_not_count, "SDM 3A 6.12.1.1"
    SET_FLAGS IF
    GATE VECTOR_IRQ0, CS0, .handler, PRESENT | DPL(0) | TRAP_GATE32
    REQUEST_IRQ0
CODE
    nop
.handler:
EXPECT END
WANT cs, CS0
WANT ss, DS0
WANT_PUSHED dword, STACK0, DS3 | 3, STACK3, START_FLAGS | IF, CS3 | 3, .code

; ---- other lines: COM1 on IRQ4 and the clock on IRQ8, through the second 8259A ----

CHECK irq.line_4_is_vector_24h, "SDM 3A 6.3.2"
    SET_FLAGS IF
    mov dx, 0x3fc
    mov al, 0x0b                    ; OUT2 lets the UART's interrupt through
    out dx, al
    mov dx, 0x3f9
    mov al, 2                       ; transmitter empty
    out dx, al
    mov al, 0xef
    out 0x21, al
    mov ah, 0x10
    call wait_master
CODE
    AT
    nop
EXPECT VECTOR, VECTOR_IRQ4

CHECK irq.line_8_is_vector_28h, "SDM 3A 6.3.2"
    SET_FLAGS IF
    mov al, 0x0a
    out 0x70, al
    mov al, 0x26                    ; 1024 Hz
    out 0x71, al
    mov al, 0x0b
    out 0x70, al
    mov al, 0x42                    ; periodic interrupt, 24 hours
    out 0x71, al
    mov al, 0x0c
    out 0x70, al
    in al, 0x71
    mov al, 0xfb
    out 0x21, al
    mov al, 0xfe
    out 0xa1, al
    mov ah, 4
    call wait_master
CODE
    AT
    nop
EXPECT VECTOR, VECTOR_IRQ8

; ================ the shadow of STI ================

%macro STI_SHADOW 2
CHECK sti.interrupt_comes_after_the_next_instruction_in_%1_at_cpl_%2, "SDM 2B STI"
    IN %1, %2
    %ifnidni %1, REAL
        SET_FLAGS IOPL(3)
    %endif
    REQUEST_IRQ0
CODE
    sti
    nop
    AT
    nop
    nop
EXPECT VECTOR, VECTOR_IRQ0
WANT_FLAGS IF, 0
CHECK sti.before_cli_lets_nothing_through_in_%1_at_cpl_%2, "SDM 2B STI"
    IN %1, %2
    %ifnidni %1, REAL
        SET_FLAGS IOPL(3)
    %endif
    REQUEST_IRQ0
CODE
    sti
    cli
    nop
EXPECT END
%endmacro
%assign cpl 0
%rep 4
    STI_SHADOW PM32, %[cpl]
    %assign cpl cpl + 1
%endrep
STI_SHADOW PM16, 0
STI_SHADOW PM16, 3
STI_SHADOW V86, 3
STI_SHADOW REAL, 0

CHECK sti.covers_a_ret, "SDM 2B STI"
    SET_FLAGS IOPL(3)
    SET esp, STACK3 - 4
    PUT dword [STACK3 - 4], .target
    REQUEST_IRQ0
CODE
    sti
    ret
    hlt
    AT
.target:
    nop
EXPECT VECTOR, VECTOR_IRQ0
WANT_FLAGS IF, 0
WANT esp, STACK3

CHECK sti.covers_a_jump, "SDM 2B STI"
    IN PM32, 0
    REQUEST_IRQ0
CODE
    sti
    jmp .target
    hlt
    AT
.target:
    nop
EXPECT VECTOR, VECTOR_IRQ0
WANT_FLAGS IF, 0

CHECK sti.covers_an_iretd_that_clears_if, "SDM 2B STI"
    IN PM32, 0
    SET esp, STACK0_CHECK - 12
    PUT dword [STACK0_CHECK - 12], .target
    PUT dword [STACK0_CHECK - 8], CS0
    PUT dword [STACK0_CHECK - 4], START_FLAGS
    REQUEST_IRQ0
CODE
    sti
    iretd
.target:
    nop
EXPECT END
WANT esp, STACK0_CHECK

CHECK sti.covers_a_fault, "SDM 2B STI"
    IN PM32, 0
    REQUEST_IRQ0
CODE
    sti
    AT
    ud2
EXPECT UD
WANT_FLAGS IF, 0

; With IF set already there is no shadow: the second of two STIs ends it.
CHECK sti.of_two_only_the_first_holds_off, "SDM 2B STI"
    IN PM32, 0
    REQUEST_IRQ0
CODE
    sti
    sti
    AT
    nop
EXPECT VECTOR, VECTOR_IRQ0
WANT_FLAGS IF, 0

; The shadow is for maskable interrupts, not for debug traps; QEMU 7.2 holds them off too.
CHECK sti.with_tf_traps_at_once, "SDM 2B STI, 3A 6.9"
    IN PM32, 0
    SET_FLAGS TF
    REQUEST_IRQ0
CODE
    sti
    AT
    nop
EXPECT DB
WANT_FLAGS IF, 0
WANT dr6, DR6_START | DR6_BS

CHECK sti.virtual_flag_enables_nothing, "SDM 2B STI"
    IN V86
    NEEDS VME
    SET_CR4 CR4_VME
    REQUEST_IRQ0
CODE
    sti
    nop
    nop
EXPECT END
WANT_FLAGS VIF, 0

; ---- POPF and IRET cast no shadow ----

%macro POPF_ENABLES 2
CHECK irq.comes_right_after_a_popf_in_%1_at_cpl_%2, "SDM 2B POPF"
    IN %1, %2
    REQUEST_IRQ0
    %ifidni %1, REAL
        SET esp, STACK0_CHECK - 2
        PUT word [STACK0_CHECK - 2], START_FLAGS | IF
    %elifidni %1, PM32
        SET_FLAGS IOPL(3)
        SET esp, STACK3 - 4
        PUT dword [STACK3 - 4], START_FLAGS | IF
    %else
        SET_FLAGS IOPL(3)
        SET esp, STACK3 - 2
        PUT word [STACK3 - 2], START_FLAGS | IF
    %endif
CODE
    popf
    AT
    nop
EXPECT VECTOR, VECTOR_IRQ0
WANT_FLAGS IF, 0
    %ifidni %1, REAL
        WANT esp, STACK0_CHECK
    %else
        WANT esp, STACK3
    %endif
%endmacro
POPF_ENABLES PM32, 3
POPF_ENABLES V86, 3
POPF_ENABLES PM16, 3
POPF_ENABLES REAL, 0

CHECK irq.does_not_come_after_a_popf_above_iopl, "SDM 2B POPF"
    SET_FLAGS IOPL(2)
    SET esp, STACK3 - 4
    PUT dword [STACK3 - 4], START_FLAGS | IF
    REQUEST_IRQ0
CODE
    popfd
    nop
EXPECT END
WANT esp, STACK3

CHECK irq.comes_right_after_an_iretd, "SDM 2A IRET"
    IN PM32, 0
    SET esp, STACK0_CHECK - 12
    PUT dword [STACK0_CHECK - 12], .target
    PUT dword [STACK0_CHECK - 8], CS0
    PUT dword [STACK0_CHECK - 4], START_FLAGS | IF
    REQUEST_IRQ0
CODE
    iretd
    hlt
    AT
.target:
    nop
EXPECT VECTOR, VECTOR_IRQ0
WANT_FLAGS IF, 0
WANT esp, STACK0_CHECK

CHECK irq.comes_after_an_int_n_through_a_trap_gate, "SDM 3A 6.8.1"
    SET_FLAGS IOPL(3)
    GATE 40h, CS0, .handler, PRESENT | DPL(3) | TRAP_GATE32
    SET esp, STACK3 - 4
    PUT dword [STACK3 - 4], START_FLAGS | IF | IOPL(3)
    REQUEST_IRQ0
CODE
    sti
    int 40h
.return:
    AT
.handler:
    nop
EXPECT VECTOR, VECTOR_IRQ0
WANT_FLAGS IF, 0
WANT cs, CS0
WANT ss, DS0
WANT_PUSHED dword, STACK0, DS3 | 3, STACK3 - 4, START_FLAGS | IF | IOPL(3), CS3 | 3, .return

CHECK irq.does_not_come_after_an_interrupt_gate, "SDM 3A 6.8.1"
    SET_FLAGS IOPL(3)
    GATE 40h, CS0, .handler, PRESENT | DPL(3) | INT_GATE32
    REQUEST_IRQ0
CODE
    sti
    int 40h
.return:
.handler:
    nop
EXPECT END
WANT cs, CS0
WANT ss, DS0
WANT_PUSHED dword, STACK0, DS3 | 3, STACK3, START_FLAGS | IF | IOPL(3), CS3 | 3, .return

; ================ HLT ================

%macro HLT_WAKES 2
CHECK hlt.is_left_by_an_interrupt_in_%1, "SDM 2A HLT"
    IN %1, %2
    call soon_start
CODE
    sti
    hlt
    AT
    nop
EXPECT VECTOR, VECTOR_IRQ0
WANT_FLAGS IF, 0
%endmacro
HLT_WAKES PM32, 0
HLT_WAKES PM16, 0
HLT_WAKES REAL, 0

CHECK hlt.pending_interrupt_leaves_it_at_once, "SDM 2A HLT"
    IN PM32, 0
    REQUEST_IRQ0
CODE
    sti
    hlt
    AT
    nop
EXPECT VECTOR, VECTOR_IRQ0
WANT_FLAGS IF, 0

CHECK hlt.goes_on_after_the_handler, "SDM 2A HLT"
    IN PM32, 0
    GATE VECTOR_IRQ0, CS0, .handler, PRESENT | INT_GATE32
    call soon_start
CODE
    sti
    hlt
    cli
    jmp .end
.handler:
    inc dword [DATA]
    iretd
EXPECT END
WANT_MEMORY dword, DATA, 1

; ================ interrupted string instructions ================

; 4 MiB that are all one page of zeros: enough iterations for an interrupt between two of them.
COUNT           equ 0x400000

%macro LONG_STRING 2  ; name, EAX
CHECK rep.%1, "SDM 2B REP, 3B 17.3.1.1"
    PAGING P32
    mov edi, PT_WINDOW
    mov ecx, 1024
    mov eax, DATA | PTE_ALL
    rep stosd
    PUT dword [PD + 4], PT_WINDOW | PTE_ALL
    SET eax, %2
    SET ecx, COUNT
    SET esi, WINDOW
    SET edi, WINDOW
    SET edx, 0x84
    SET_FLAGS IF | IOPL(3)
    GATE VECTOR_IRQ0, CS0, .handler, PRESENT | INT_GATE32
    call soon_start
%endmacro
%macro LONG_STRING_FLAGS 1  ; 1: those of a comparison of equal bytes
    %if %1
        WANT_FLAGS ZF | PF, CF | AF | SF | OF
    %endif
%endmacro

; RF = 1 and EIP of the instruction are pushed (SDM 3B 17.3.1.1: "for any interrupt arriving after any iteration of a
; repeated string instruction but the last iteration"); Bochs 2.7 and QEMU 7.2 push RF = 0. The handler adds the count and
; the indices: their sums say that no iteration was lost.
%macro REP_INTERRUPTED 4  ; name, code, which index counts, flags are those of a comparison
LONG_STRING %1_is_interrupted_with_rf, 0
CODE
    %2
    ud2
.handler:
    lea ebx, [ecx + esi]
    lea ebp, [ecx + edi]
    mov ecx, 0
    mov esi, 0
    mov edi, 0
EXPECT END
    LONG_STRING_FLAGS %4
    WANT_FLAGS RF, 0
    mov eax, [want + S_eflags]
    mov [STACK0 - 12 + WANTED], eax
    WANT_FLAGS 0, RF | IF
WANT_MEMORY dword, STACK0 - 4, DS3 | 3
WANT_MEMORY dword, STACK0 - 8, STACK3
WANT_MEMORY dword, STACK0 - 16, CS3 | 3
WANT_MEMORY dword, STACK0 - 20, .code
WANT esp, STACK0 - 20
WANT cs, CS0
WANT ss, DS0
WANT ecx, 0
WANT esi, 0
WANT edi, 0
WANT ebx, WINDOW + COUNT
WANT ebp, WINDOW + COUNT
    %ifidni %3, esi
        WANT_BITS ebp, 0            ; EDI stands still: the rest of the count
    %elifidni %3, edi
        WANT_BITS ebx, 0
    %endif

LONG_STRING %1_goes_on_after_the_interrupt, 0
CODE
    %2
    jmp .end
.handler:
    inc dword [DATA2]
    iretd
EXPECT END
    LONG_STRING_FLAGS %4
WANT_MEMORY dword, DATA2, 1
WANT_MEMORY dword, STACK0 - 4, DS3 | 3
WANT_MEMORY dword, STACK0 - 8, STACK3
WANT_MEMORY dword, STACK0 - 16, CS3 | 3
WANT_MEMORY dword, STACK0 - 20, .code
    mov eax, [want + S_eflags]
    or eax, RF
    mov [STACK0 - 12 + WANTED], eax
WANT ecx, 0
    %ifnidni %3, edi
        WANT esi, WINDOW + COUNT
    %endif
    %ifnidni %3, esi
        WANT edi, WINDOW + COUNT
    %endif

; RF in the image is what keeps a breakpoint on the instruction from hitting again.
LONG_STRING %1_does_not_hit_its_breakpoint_again, 0
    DEBUG_REGISTER 0, ADDR(.code)
    SET dr7, 1
    SET_FLAGS RF
CODE
    %2
    jmp .end
.handler:
    inc dword [DATA2]
    iretd
EXPECT END
    LONG_STRING_FLAGS %4
    WANT_FLAGS 0, RF
WANT_MEMORY dword, DATA2, 1
WANT_ANY STACK0 - 20, 20            ; the frame: as above
WANT ecx, 0
    %ifnidni %3, edi
        WANT esi, WINDOW + COUNT
    %endif
    %ifnidni %3, esi
        WANT edi, WINDOW + COUNT
    %endif
%endmacro
REP_INTERRUPTED lods, {rep lodsb}, esi, 0
REP_INTERRUPTED stos, {rep stosb}, edi, 0
REP_INTERRUPTED movs, {rep movsb}, both, 0
REP_INTERRUPTED scas, {repe scasb}, edi, 1
REP_INTERRUPTED cmps, {repe cmpsb}, both, 1
REP_INTERRUPTED outs, {rep outsb}, esi, 0

; ================ rank among other events: SDM 3A table 6-2 ================

SPOT            equ DATA + 0x10

; Class 6 before class 7; Bochs 2.7 looks at the breakpoint first.
CHECK rank.interrupt_before_an_instruction_breakpoint, "SDM 3A 6.9"
    SET_FLAGS IF
    DEBUG_REGISTER 0, ADDR(.hit)
    SET dr7, 1
    REQUEST_IRQ0
CODE
    AT
.hit:
    nop
EXPECT VECTOR, VECTOR_IRQ0

CHECK rank.interrupt_before_an_invalid_opcode, "SDM 3A 6.9"
    SET_FLAGS IF
    REQUEST_IRQ0
CODE
    AT
    ud2
EXPECT VECTOR, VECTOR_IRQ0

CHECK rank.interrupt_before_the_page_fault_of_the_fetch, "SDM 3A 6.9"
    PAGING P32
    SET_FLAGS IOPL(3)
    SET eax, WINDOW
    REQUEST_IRQ0
CODE
    sti
    jmp eax
EXPECT VECTOR, VECTOR_IRQ0
WANT_FLAGS IF, 0
WANT eip, WINDOW

CHECK rank.single_step_before_an_interrupt, "SDM 3A 6.9"
    SET_FLAGS TF | IOPL(3)
    SET esp, STACK3 - 4
    PUT dword [STACK3 - 4], START_FLAGS | IF | TF
    REQUEST_IRQ0
CODE
    popfd
    AT
    nop
EXPECT DB
WANT_FLAGS IF, 0
WANT esp, STACK3
WANT dr6, DR6_START | DR6_BS

CHECK rank.data_breakpoint_before_an_interrupt, "SDM 3A 6.9"
    SET_FLAGS IOPL(3)
    DEBUG_REGISTER 0, STACK3 - 4
    SET dr7, 1 | (3 << 16) | (3 << 18)
    SET esp, STACK3 - 4
    PUT dword [STACK3 - 4], START_FLAGS | IF | IOPL(3)
    REQUEST_IRQ0
CODE
    popfd
    AT
    nop
EXPECT DB
WANT_FLAGS IF, 0
WANT esp, STACK3
WANT dr6, DR6_START | 1

; The trap is delivered through a trap gate: the interrupt follows at the handler's first instruction.
CHECK rank.interrupt_follows_the_debug_trap, "SDM 3A 6.9"
    SET_FLAGS TF | IOPL(3)
    GATE 1, CS0, .handler, PRESENT | TRAP_GATE32
    SET esp, STACK3 - 4
    PUT dword [STACK3 - 4], START_FLAGS | IF | TF
    REQUEST_IRQ0
CODE
    popfd
.return:
    hlt
    AT
.handler:
    nop
EXPECT VECTOR, VECTOR_IRQ0
WANT cs, CS0
WANT ss, DS0
WANT_FLAGS IF, TF
WANT dr6, DR6_START | DR6_BS
WANT_PUSHED dword, STACK0, DS3 | 3, STACK3, START_FLAGS | IF | TF | IOPL(3), CS3 | 3, .return

; The next line by rank: IRQ0 before IRQ4
CHECK rank.line_0_before_line_4, "8259A"
    SET_FLAGS IF
    mov dx, 0x3fc
    mov al, 0x0b
    out dx, al
    mov dx, 0x3f9
    mov al, 0
    out dx, al
    mov al, 2
    out dx, al
    mov ah, 0x10
    call wait_master
    REQUEST_IRQ0
    mov al, 0xee
    out 0x21, al
CODE
    AT
    nop
EXPECT VECTOR, VECTOR_IRQ0

; ================ EXT: faults in the delivery ================

; SDM 3A 6.13: EXT = 1, as the event was external. The interrupt itself is lost; EIP is that of the interrupted
; instruction.
%macro EXT 1-3 PM32, 3
CHECK ext.%1, "SDM 3A 6.13, 2A INT n"
    IN %2, %3
    SET_FLAGS IF
%endmacro
%macro EXT_IS 2
    REQUEST_IRQ0
CODE
    nop
EXPECT %1, %2
%endmacro
GATE_ERROR      equ VECTOR_IRQ0 * 8 + 3

EXT idt_limit_cuts_the_gate
    SET idtlimit, VECTOR_IRQ0 * 8 + 6
EXT_IS GP, GATE_ERROR
EXT idt_limit_before_the_gate
    SET idtlimit, VECTOR_IRQ0 * 8 - 1
EXT_IS GP, GATE_ERROR
EXT idt_limit_in_v86, V86
    SET idtlimit, VECTOR_IRQ0 * 8 - 1
EXT_IS GP, GATE_ERROR
EXT idt_limit_at_cpl_0, PM32, 0
    SET idtlimit, VECTOR_IRQ0 * 8 - 1
EXT_IS GP, GATE_ERROR

%macro EXT_GATE 2
EXT gate_of_type_%2_is_gp
    GATE VECTOR_IRQ0, CS0, stray, PRESENT | %1
EXT_IS GP, GATE_ERROR
EXT gate_of_type_%2_not_present_is_gp
    GATE VECTOR_IRQ0, CS0, stray, %1
EXT_IS GP, GATE_ERROR
%endmacro
%assign type 0
%rep 32
    %if type != TASK_GATE && type != INT_GATE16 && type != TRAP_GATE16 && type != INT_GATE32 && type != TRAP_GATE32
        EXT_GATE type, %[type]
    %else
EXT gate_of_type_%[type]_not_present_is_np
    GATE VECTOR_IRQ0, CS0, stray, type
EXT_IS NP, GATE_ERROR
    %endif
    %assign type type + 1
%endrep

%macro EXT_HANDLER 4-7 PM32, 3, 0  ; name, access byte of FREE, selector, fault (error code: the selector), mode, CPL
EXT handler_%1, %5, %6
    DESC FREE, 0, 0xfffff, %2, BIG | PAGES_4K
    DESC TI | 8, 0, 0xfffff, %2, BIG | PAGES_4K
    GATE VECTOR_IRQ0, %3, stray, PRESENT | INT_GATE32
EXT_IS %4, ((%3) & 0xfffc) | 1
%endmacro
CODE_0          equ PRESENT | CODE_XR | ACCESSED
EXT_HANDLER null_is_gp_1, CODE_0, 0, GP
EXT_HANDLER null_with_rpl_is_gp_1, CODE_0, 3, GP
EXT_HANDLER beyond_the_gdt_is_gp, CODE_0, 0x400, GP
EXT_HANDLER beyond_the_gdt_with_rpl_is_gp, CODE_0, 0x403, GP
EXT_HANDLER beyond_the_ldt_is_gp, CODE_0, 0x100 | TI, GP
EXT_HANDLER data_is_gp, PRESENT | DATA_RW | ACCESSED, FREE, GP
EXT_HANDLER data_expand_down_is_gp, PRESENT | DATA_DOWN_RW | ACCESSED, FREE, GP
EXT_HANDLER system_is_gp, PRESENT | LDT_TYPE, FREE, GP
EXT_HANDLER call_gate_is_gp, PRESENT | CALL_GATE32, FREE, GP
EXT_HANDLER absent_is_np, CODE_XR | ACCESSED, FREE, NP
EXT_HANDLER absent_with_rpl_is_np, CODE_XR | ACCESSED, FREE | 3, NP
EXT_HANDLER absent_conforming_is_np, CODE_CONFORMING | ACCESSED, FREE, NP
EXT_HANDLER absent_in_ldt_is_np, CODE_XR | ACCESSED, 8 | TI, NP
EXT_HANDLER absent_data_is_gp, DATA_RW | ACCESSED, FREE, GP
EXT_HANDLER dpl_3_from_cpl_0_is_gp, CODE_0 | DPL(3), FREE, GP, PM32, 0
EXT_HANDLER dpl_1_from_cpl_0_is_gp, CODE_0 | DPL(1), FREE, GP, PM32, 0
EXT_HANDLER dpl_3_from_cpl_2_is_gp, CODE_0 | DPL(3), FREE, GP, PM32, 2
EXT_HANDLER conforming_dpl_3_from_cpl_0_is_gp, CODE_0 | DPL(3) | 4, FREE, GP, PM32, 0
EXT_HANDLER dpl_3_absent_from_cpl_0_is_gp, (CODE_0 & ~PRESENT) | DPL(3), FREE, GP, PM32, 0
EXT_HANDLER dpl_1_from_v86_is_gp, CODE_0 | DPL(1), FREE, GP, V86
EXT_HANDLER dpl_3_from_v86_is_gp, CODE_0 | DPL(3), FREE, GP, V86
EXT_HANDLER conforming_from_v86_is_gp, CODE_0 | 4, FREE, GP, V86
EXT_HANDLER absent_from_v86_is_np, CODE_XR | ACCESSED, FREE, NP, V86

%macro EXT_OFFSET 3
EXT handler_offset_beyond_the_limit_of_gate_type_%3_is_gp_1_from_%1_at_cpl_%2, %1, %2
    DESC FREE, ROM_BASE, 0xf, PRESENT | CODE_XR | ACCESSED, BIG
    GATE VECTOR_IRQ0, FREE, OFF16(stray), PRESENT | %3
EXT_IS GP, 1
%endmacro
EXT_OFFSET PM32, 0, INT_GATE32
EXT_OFFSET PM32, 3, INT_GATE32
EXT_OFFSET PM32, 3, TRAP_GATE16
EXT_OFFSET V86, 3, INT_GATE32

; The handler's ring is 1, whose stack is wrong; the fault's is 0.
%macro EXT_STACK 5  ; name, SS1, access byte of FREE + 8, fault, error code
EXT stack_%1
    DESC FREE + 8, 0, 0xfffff, %3, BIG | PAGES_4K
    PUT dword [TSS + TSS_SS1], %2
    GATE VECTOR_IRQ0, CS1, stray, PRESENT | INT_GATE32
EXT_IS %4, (%5) | 1
%endmacro
DATA_1          equ PRESENT | DPL(1) | DATA_RW | ACCESSED
EXT_STACK null_is_ts_1, 0, DATA_1, TS, 0
EXT_STACK null_with_rpl_is_ts_1, 1, DATA_1, TS, 0
EXT_STACK beyond_the_gdt_is_ts, 0x401, DATA_1, TS, 0x400
EXT_STACK beyond_the_ldt_is_ts, 0x101 | TI, DATA_1, TS, 0x100 | TI
EXT_STACK rpl_0_is_ts, FREE + 8, DATA_1, TS, FREE + 8
EXT_STACK rpl_2_is_ts, FREE + 8 | 2, DATA_1, TS, FREE + 8
EXT_STACK dpl_0_is_ts, FREE + 8 | 1, PRESENT | DATA_RW | ACCESSED, TS, FREE + 8
EXT_STACK dpl_2_is_ts, FREE + 8 | 1, PRESENT | DPL(2) | DATA_RW | ACCESSED, TS, FREE + 8
EXT_STACK read_only_is_ts, FREE + 8 | 1, PRESENT | DPL(1) | DATA_R | ACCESSED, TS, FREE + 8
EXT_STACK code_is_ts, FREE + 8 | 1, PRESENT | DPL(1) | CODE_XR | ACCESSED, TS, FREE + 8
EXT_STACK system_is_ts, FREE + 8 | 1, PRESENT | DPL(1) | LDT_TYPE, TS, FREE + 8
EXT_STACK absent_is_ss, FREE + 8 | 1, DPL(1) | DATA_RW | ACCESSED, SS, FREE + 8
EXT_STACK absent_with_dpl_0_is_ts, FREE + 8 | 1, DATA_RW | ACCESSED, TS, FREE + 8
; The frame is of 20 bytes: "IF new stack does not have room for 20 bytes THEN #SS" before the first is pushed. Bochs 2.7
; pushes what there is room for.
EXT stack_with_room_for_19_bytes_is_ss
    DESC FREE + 8, 0, STACK1 - 20, PRESENT | DPL(1) | DATA_DOWN_RW | ACCESSED, BIG
    PUT dword [TSS + TSS_SS1], FREE + 8 | 1
    GATE VECTOR_IRQ0, CS1, stray, PRESENT | INT_GATE32
EXT_IS SS, FREE + 8 | 1

%macro EXT_TSS_LIMIT 1
EXT tss_with_limit_%1_has_no_stack_for_ring_1
    DESC FREE, TSS, %1, PRESENT | TSS32_TYPE
    mov ax, FREE
    ltr ax
    GATE VECTOR_IRQ0, CS1, stray, PRESENT | INT_GATE32
EXT_IS TS, FREE | 1
%endmacro
EXT_TSS_LIMIT 11
EXT_TSS_LIMIT 15
EXT_TSS_LIMIT 16

; A page fault in the delivery has its own error code, without EXT.
EXT absent_page_of_the_stack_is_pf_2
    PAGING P32
    PUT dword [TSS + TSS_ESP1], WINDOW + 0x1000
    GATE VECTOR_IRQ0, CS1, stray, PRESENT | INT_GATE32
    REQUEST_IRQ0
CODE
    nop
EXPECT PF, 2
WANT cr2, WINDOW + 0xffc
WANT_BITS cr2, 0xffffffe0           ; any byte of the frame
WANT_ANY PD + 4, 1                  ; SDM 3A 4.8 leaves it open

; ---- task gates ----

%macro EXT_TASK 4-6 PM32, 3  ; name, selector, access byte of FREE, fault
EXT task_%1, %5, %6
    DESC FREE, TSS_A, TSS_SIZE - 1, %3
    DESC TI | 8, TSS_A, TSS_SIZE - 1, %3
    GATE VECTOR_IRQ0, %2, 0, PRESENT | TASK_GATE
EXT_IS %4, ((%2) & 0xfffc) | 1
%endmacro
TSS_0           equ PRESENT | TSS32_TYPE
EXT_TASK null_is_gp_1, 0, TSS_0, GP
EXT_TASK beyond_the_gdt_is_gp, 0x400, TSS_0, GP
EXT_TASK in_the_ldt_is_gp, 8 | TI, TSS_0, GP
EXT_TASK busy_is_gp, FREE, PRESENT | TSS32_BUSY, GP
EXT_TASK busy_16_is_gp, FREE, PRESENT | TSS16_BUSY, GP
EXT_TASK itself_is_gp, TSS_SEL, TSS_0, GP
EXT_TASK data_is_gp, FREE, PRESENT | DATA_RW, GP
EXT_TASK ldt_is_gp, FREE, PRESENT | LDT_TYPE, GP
EXT_TASK absent_is_np, FREE, TSS32_TYPE, NP
EXT_TASK absent_busy_is_gp, FREE, TSS32_BUSY, GP
EXT_TASK absent_is_np_from_v86, FREE, TSS32_TYPE, NP, V86
EXT_TASK with_rpl_busy_is_gp, FREE | 3, PRESENT | TSS32_BUSY, GP

EXT task_with_a_tss_limit_of_66h_is_ts
    DESC FREE, TSS_A, 0x66, PRESENT | TSS32_TYPE
    GATE VECTOR_IRQ0, FREE, 0, PRESENT | TASK_GATE
EXT_IS TS, FREE | 1
EXT task_with_a_16_bit_tss_limit_of_2ah_is_ts
    DESC FREE, TSS16_A, 0x2a, PRESENT | TSS16_TYPE
    GATE VECTOR_IRQ0, FREE, 0, PRESENT | TASK_GATE
EXT_IS TS, FREE | 1

; The old task stays busy and is linked to, the new one has NT.
CHECK irq.through_a_task_gate, "SDM 3A 6.12.2, 7.3"
    SET_FLAGS IF
    START_TASK_A .task
    GATE VECTOR_IRQ0, TSS_A_SEL, 0, PRESENT | TASK_GATE
    REQUEST_IRQ0
CODE
    nop
.task:
EXPECT END
WANT_IN_TASK_A
WANT_FLAGS NT, 0
WANT_SAVED_TASK .code, START_FLAGS | IF
WANT_MEMORY word, TSS_A + TSS_LINK, TSS_SEL

CHECK irq.through_a_task_gate_from_v86, "SDM 3A 6.12.2, 7.3"
    IN V86
    SET_FLAGS IF
    START_TASK_A .task
    GATE VECTOR_IRQ0, TSS_A_SEL, 0, PRESENT | TASK_GATE
    REQUEST_IRQ0
CODE
    nop
    bits 32
.task:
EXPECT LANDED, .end
WANT_IN_TASK_A
WANT_FLAGS NT, 0
WANT_SAVED_TASK OFF16(.code), START_FLAGS | IF | VM
WANT_MEMORY word, TSS_A + TSS_LINK, TSS_SEL

; ---- real-address mode: the table's limit ----

%macro EXT_REAL 2
EXT real_table_with_limit_%2_is_gp, REAL
    SET idtlimit, %1
    REQUEST_IRQ0
CODE
    nop
EXPECT GP
%endmacro
EXT_REAL VECTOR_IRQ0 * 4 + 2, 130
EXT_REAL VECTOR_IRQ0 * 4 - 1, 127

END_OF_CHECKS
