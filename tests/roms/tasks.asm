; Task switches by JMP, CALL, INT, exceptions and IRET: SDM 3A 7.2 to 7.4, table 7-2.
%include "lib/rom.inc"

; ================ the four ways ================

%define TSS_AVAILABLE (PRESENT | TSS32_TYPE)
%define TSS_BUSY (PRESENT | TSS32_BUSY)

; Wanted after a switch into TSS_A: what table 7-2 says about the busy flags, NT and the link
%macro WANT_SWITCH 4  ; jmp|nested|iret, EIP saved, EFLAGS saved, access of TSS_A before with its DPL
    WANT_IN_TASK_A
    WANT_TYPE TSS_A_SEL, (%4) | 2
    WANT_SAVED_TASK %2, %3
    %ifidni %1, nested
        WANT_MEMORY word, TSS_A + TSS_LINK, TSS_SEL
        WANT_FLAGS NT, 0
    %else
        WANT_TYPE TSS_SEL, TSS_AVAILABLE
    %endif
%endmacro

; CALL or JMP to the TSS itself or to a task gate
%macro SWITCH 4  ; call|jmp, CPL, tss|gate|gate_in_the_ldt, flags at the start
CHECK task.%1_to_%3_from_cpl_%2_with_flags_%4, "SDM 3A 7.3, table 7-2"
    IN PM32, %2
    START_TASK_A .in_task
    SET_FLAGS %4
    %ifidni %3, tss
        mov byte [GDT + TSS_A_SEL + 5], TSS_AVAILABLE | DPL(3)
        %define %%access TSS_AVAILABLE | DPL(3)
        %assign %%selector TSS_A_SEL
    %elifidni %3, gate
        CALL_GATE FREE, TSS_A_SEL, 0, PRESENT | DPL(3) | TASK_GATE
        %define %%access TSS_AVAILABLE  ; the gate's DPL counts, not the TSS's
        %assign %%selector FREE
    %else
        CALL_GATE TI + 8, TSS_A_SEL, 0, PRESENT | DPL(3) | TASK_GATE
        %define %%access TSS_AVAILABLE
        %assign %%selector TI + 8
    %endif
CODE
    %1 %%selector:0x12345678
.next:
    nop
.in_task:
EXPECT END
    %ifidni %1, call
        WANT_SWITCH nested, .next, START_FLAGS | (%4), %%access
    %else
        WANT_SWITCH jmp, .next, START_FLAGS | (%4), %%access
    %endif
%endmacro
%assign cpl 0
%rep 4
    SWITCH call, %[cpl], tss, 0
    SWITCH call, %[cpl], gate, 0
    SWITCH jmp, %[cpl], tss, 0
    SWITCH jmp, %[cpl], gate, 0
    %assign cpl cpl + 1
%endrep
SWITCH call, 3, gate_in_the_ldt, 0
SWITCH jmp, 0, gate_in_the_ldt, 0
; NT of the old task is saved as it is
SWITCH call, 0, tss, NT
SWITCH jmp, 0, tss, NT
SWITCH call, 3, gate, NT
SWITCH jmp, 3, gate, NT

CHECK task.call_through_memory, "SDM 2A CALL"
    IN PM32, 0
    START_TASK_A .in_task
    PUT dword [DATA + 4], TSS_A_SEL
CODE
    call far [DATA]
.next:
    nop
.in_task:
EXPECT END
WANT_SWITCH nested, .next, START_FLAGS, TSS_AVAILABLE

%macro SWITCH_INT 4  ; CPL, name, vector, instruction
CHECK task.%2_through_a_task_gate_from_cpl_%1, "SDM 3A 6.12.2, table 7-2"
    IN PM32, %1
    START_TASK_A .in_task
    GATE %3, TSS_A_SEL, 0, PRESENT | DPL(3) | TASK_GATE
    SET_FLAGS IF
CODE
    %4
.next:
    nop
.in_task:
EXPECT END
WANT_SWITCH nested, .next, START_FLAGS | IF, TSS_AVAILABLE
%endmacro
SWITCH_INT 0, int_n, 0x40, int 0x40
SWITCH_INT 3, int_n, 0x40, int 0x40
SWITCH_INT 3, int3, 3, int3
SWITCH_INT 3, into, 4, into

; A fault: EIP is that of the instruction, RF is set in the image, the error code is on the new task's stack
CHECK task.fault_through_a_task_gate_pushes_its_error_code, "SDM 3A 6.13, 7.3"
    START_TASK_A .in_task
    GATE VECTOR_GP, TSS_A_SEL, 0, PRESENT | TASK_GATE
CODE
    mov [cs:DATA], eax
    nop
.in_task:
EXPECT END
WANT_SWITCH nested, .code, START_FLAGS | RF, TSS_AVAILABLE
WANT_PUSHED dword, STACK0_CHECK, 0

CHECK task.fault_without_error_code_pushes_nothing, "SDM 3A 6.13, 7.3"
    START_TASK_A .in_task
    GATE VECTOR_UD, TSS_A_SEL, 0, PRESENT | TASK_GATE
    SET esi, 0x5a5a5a5a
CODE
    ud2
.in_task:
    int 0x41                        ; #UD is the gate's
EXPECT VECTOR, 0x41
WANT_SWITCH nested, .code, START_FLAGS | RF, TSS_AVAILABLE
WANT eip, .end

%macro SWITCH_IRET 3  ; instruction, CPL of the old task, flags of the new one
CHECK task.%1_returns_to_the_linked_task_from_cpl_%2_with_flags_%3, "SDM 2A IRET, table 7-2"
    IN PM32, %2
    START_TASK_A .in_task
    PUT dword [TSS_A + TSS_EFLAGS], 2 | (%3)
    mov byte [GDT + TSS_A_SEL + 5], TSS_BUSY
    PUT word [TSS + TSS_LINK], TSS_A_SEL
    SET_FLAGS NT
CODE
    %1
.next:
    nop
.in_task:
EXPECT END
WANT_SWITCH iret, .next, START_FLAGS, TSS_AVAILABLE
WANT_FLAGS %3, 0
%endmacro
SWITCH_IRET iretd, 0, 0
SWITCH_IRET iretd, 3, 0
SWITCH_IRET iretw, 0, 0
SWITCH_IRET iretd, 0, NT
SWITCH_IRET iretd, 1, IF

CHECK task.there_and_back, "SDM 3A 7.4"
    START_TASK_A .in_task
    mov byte [GDT + TSS_A_SEL + 5], TSS_AVAILABLE | DPL(3)
CODE
    call TSS_A_SEL:0
    jmp .end
.in_task:
    mov eax, 0x12345678
    iretd
.after:
EXPECT END
WANT ldtr, 0                        ; the LDT field is never written, so it is 0
or dword [want + S_cr0], CR0_TS
WANT_TYPE TSS_A_SEL, TSS_AVAILABLE | DPL(3)
WANT_MEMORY word, TSS_A + TSS_LINK, TSS_SEL
WANT_MEMORY dword, TSS_A + TSS_EAX, 0x12345678
WANT_MEMORY dword, TSS_A + TSS_EIP, .after
WANT_SAVED_TASK .code + 7, START_FLAGS

; ================ the new state ================

CHECK task.every_register_comes_from_the_tss, "SDM 3A 7.2.1, 7.3"
    IN PM32, 0
    START_TASK_A .in_task
    PUT dword [TSS_A + TSS_EAX], 0x11111111
    PUT dword [TSS_A + TSS_ECX], 0x22222222
    PUT dword [TSS_A + TSS_EDX], 0x33333333
    PUT dword [TSS_A + TSS_EBX], 0x44444444
    PUT dword [TSS_A + TSS_EBP], 0x55555555
    PUT dword [TSS_A + TSS_ESI], 0x66666666
    PUT dword [TSS_A + TSS_EDI], 0x77777777
    PUT dword [TSS_A + TSS_ES], 0x99990000 | DS3 | 3
    PUT dword [TSS_A + TSS_CS], 0x99990000 | CS3 | 3
    PUT dword [TSS_A + TSS_SS], 0x99990000 | DS3 | 3
    PUT dword [TSS_A + TSS_DS], 0x99990000 | CS3 | 3
    PUT dword [TSS_A + TSS_FS], 0x99990000
    PUT dword [TSS_A + TSS_GS], 0x99990003
    PUT dword [TSS_A + TSS_ESP], STACK3
    PUT dword [TSS_A + TSS_LDTR], 0x99990000 | LDT_SEL
    PUT dword [TSS_A + TSS_EFLAGS], 2 | CF | ZF | IOPL(1) | IF | DF | ID
    PUT dword [TSS_A + TSS_ESP0], STACK0
    PUT dword [TSS_A + TSS_SS0], DS0
    NEEDS CPUID
CODE
    jmp TSS_A_SEL:0
.next:
.in_task:
EXPECT END
WANT_SWITCH jmp, .next, START_FLAGS, TSS_AVAILABLE
WANT eax, 0x11111111
WANT ecx, 0x22222222
WANT edx, 0x33333333
WANT ebx, 0x44444444
WANT ebp, 0x55555555
WANT esi, 0x66666666
WANT edi, 0x77777777
WANT es, DS3 | 3
WANT cs, CS3 | 3
WANT ss, DS3 | 3
WANT ds, CS3 | 3
WANT fs, 0
WANT gs, 3
WANT esp, STACK3
WANT ldtr, LDT_SEL
WANT_FLAGS CF | ZF | IOPL(1) | IF | DF | ID, 0

CHECK task.into_virtual_8086_mode, "SDM 3A 7.3, 3B 20.2.1"
    IN PM32, 0
    START_TASK_A OFF16(.in_task)
    PUT dword [TSS_A + TSS_ES], 0x1111
    PUT dword [TSS_A + TSS_CS], 0xf000
    PUT dword [TSS_A + TSS_SS], 0
    PUT dword [TSS_A + TSS_DS], DATA >> 4
    PUT dword [TSS_A + TSS_FS], 0xffff
    PUT dword [TSS_A + TSS_GS], 3
    PUT dword [TSS_A + TSS_ESP], STACK3
    PUT dword [TSS_A + TSS_EFLAGS], 2 | VM
    PUT dword [TSS_A + TSS_ESP0], STACK0
    PUT dword [TSS_A + TSS_SS0], DS0
CODE
    jmp TSS_A_SEL:0
.next:
    bits 16
.in_task:
    mov [0x10], dx
EXPECT LANDED, OFF16(.end)
WANT_SWITCH jmp, .next, START_FLAGS, TSS_AVAILABLE
WANT es, 0x1111
WANT cs, 0xf000
WANT ss, 0
WANT ds, DATA >> 4
WANT fs, 0xffff
WANT gs, 3
WANT esp, STACK3
WANT_FLAGS VM, 0

CHECK task.cr3_is_loaded_with_paging, "SDM 3A 7.3"
    IN PM32, 0
    PAGING P32
    START_TASK_A .in_task
    mov eax, [PD]
    mov [FRAME_C], eax
    PUT dword [FRAME_C + 4], 0
    PUT dword [TSS_A + TSS_CR3], FRAME_C
CODE
    call TSS_A_SEL:0
.next:
    nop
.in_task:
EXPECT END
WANT_SWITCH nested, .next, START_FLAGS, TSS_AVAILABLE
WANT cr3, FRAME_C

CHECK task.cr3_is_not_loaded_without_paging, "SDM 3A 7.3, 4.3"
    IN PM32, 0
    START_TASK_A .in_task
    PUT dword [TSS_A + TSS_CR3], 0x12345000
CODE
    call TSS_A_SEL:0
.next:
    nop
.in_task:
EXPECT END
WANT_SWITCH nested, .next, START_FLAGS, TSS_AVAILABLE

; The local breakpoints go, the global ones stay. LE (bit 8) is left open.
CHECK task.local_breakpoints_are_disabled, "SDM 3B 17.2.4"
    IN PM32, 0
    START_TASK_A .in_task
    SET dr7, 0x4ff
CODE
    call TSS_A_SEL:0
.next:
    nop
.in_task:
EXPECT END
WANT_SWITCH nested, .next, START_FLAGS, TSS_AVAILABLE
WANT dr7, 0x4aa
WANT_BITS dr7, ~0x100

%macro TRAP_BIT 2  ; name, instruction
CHECK task.t_bit_traps_before_the_first_instruction_after_%1, "SDM 3A 7.2.1, 3B 17.3.1.5"
    IN PM32, 0
    START_TASK_A .in_task
    PUT word [TSS_A + TSS_T], 1
    GATE 40h, TSS_A_SEL, 0, PRESENT | TASK_GATE
CODE
    %2
.next:
    nop
.in_task:
EXPECT DB
    %ifidni %1, jmp
WANT_SWITCH jmp, .next, START_FLAGS, TSS_AVAILABLE
    %else
WANT_SWITCH nested, .next, START_FLAGS, TSS_AVAILABLE
    %endif
WANT eip, .in_task
or dword [want + S_dr6], DR6_BT
%endmacro
TRAP_BIT jmp, {jmp TSS_A_SEL:0}
TRAP_BIT call, {call TSS_A_SEL:0}
TRAP_BIT int_n, {int 0x40}

; ================ 16-bit tasks ================

TSS16_IP        equ 14
TSS16_FLAGS     equ 16
TSS16_AX        equ 18
TSS16_SP        equ 26
TSS16_ES        equ 34
TSS16_LDTR      equ 42

; TSS16_A starts at the offset %1 in FREE, which is 32-bit code with base F0000h
%macro START_TASK_16 1
    DESC FREE, 0xf0000, 0xffff, PRESENT | CODE_XR | ACCESSED, BIG
    mov eax, OFF16(%1)
    mov [TSS16_A + TSS16_IP], ax
    PUT word [TSS16_A + TSS16_FLAGS], 2 | CF
    PUT dword [TSS16_A + TSS16_AX], 0x22221111      ; AX, CX
    PUT dword [TSS16_A + TSS16_AX + 4], 0x44443333  ; DX, BX
    PUT dword [TSS16_A + TSS16_SP], (0x5555 << 16) | STACK0_CHECK
    PUT dword [TSS16_A + TSS16_SP + 4], 0x77776666  ; SI, DI
    PUT dword [TSS16_A + TSS16_ES], (FREE << 16) | DS0
    PUT dword [TSS16_A + TSS16_ES + 4], (DS0 << 16) | DS0
%endmacro
%macro WANT_IN_TASK_16 0
    call task_16_want
%endmacro
    CLOSE_CHECK
    %assign check_open 0
; Upper halves of the general registers are not the task's: the manual calls them undefined
task_16_want:
    mov esi, .values
    mov edi, want + S_eax
.next:
    lodsd
    mov [edi], eax
    mov dword [edi + mask - want], 0xffff
    add edi, 4
    cmp esi, .values + 28
    jb .next
    WANT esp, STACK0_CHECK
    WANT_BITS esp, 0xffff
    WANT eflags, 2 | CF
    WANT tr, TSS16_A_SEL
    WANT ldtr, 0
    WANT cs, FREE
    mov eax, DS0
    mov [want + S_ss], eax
    mov [want + S_ds], eax
    mov [want + S_es], eax
    WANT fs, 0
    WANT gs, 0
    or dword [want + S_cr0], CR0_TS
    WANT_TYPE TSS16_A_SEL, PRESENT | TSS16_BUSY
    ret
.values:    ; EAX, ECX, EDX, EBX, EBP, ESI, EDI
    dd 0x1111, 0x2222, 0x3333, 0x4444, 0x5555, 0x6666, 0x7777

%macro SWITCH_16 2  ; name, instruction
CHECK task.%1_to_a_16_bit_task, "SDM 3A 7.6"
    IN PM32, 0
    START_TASK_16 .in_task
    GATE 40h, TSS16_A_SEL, 0, PRESENT | TASK_GATE
CODE
    %2
.next:
    nop
.in_task:
    mov esp, STACK0_CHECK           ; whatever its upper half is
EXPECT LANDED, OFF16(.end)
WANT_IN_TASK_16
WANT_SAVED_TASK .next, START_FLAGS
    %ifidni %1, jmp
WANT_TYPE TSS_SEL, TSS_AVAILABLE
    %else
WANT_MEMORY word, TSS16_A + TSS_LINK, TSS_SEL
WANT_FLAGS NT, 0
    %endif
%endmacro
SWITCH_16 jmp, {jmp TSS16_A_SEL:0}
SWITCH_16 call, {call TSS16_A_SEL:0}
SWITCH_16 int_n, {int 0x40}

; From a 16-bit task: sixteen bits of everything are saved
%macro SWITCH_FROM_16 2
CHECK task.%1_from_a_16_bit_task, "SDM 3A 7.6"
    IN PM32, 0
    START_TASK_A .in_task
    DESC FREE, 0xf0000, 0xffff, PRESENT | CODE_XR | ACCESSED, BIG
    mov eax, TSS16_A_SEL
    ltr ax
    SET cs, FREE
    SET eip, OFF16(.code)
    SET fs, DS3
    SET gs, DS3
CODE
    %2
.next:
    nop
.in_task:
EXPECT END
WANT_IN_TASK_A
mov eax, OFF16(.next)
WANT_MEMORY word, TSS16_A + TSS16_IP, ax
WANT_MEMORY word, TSS16_A + TSS16_FLAGS, START_FLAGS
WANT_MEMORY dword, TSS16_A + TSS16_AX, 0xc3c4a3a4
WANT_MEMORY dword, TSS16_A + TSS16_AX + 4, 0xb3b4d3d4
WANT_MEMORY dword, TSS16_A + TSS16_SP, (0xe3e4 << 16) | STACK0_CHECK
WANT_MEMORY dword, TSS16_A + TSS16_SP + 4, 0x73745354
WANT_MEMORY dword, TSS16_A + TSS16_ES, (FREE << 16) | DS0
WANT_MEMORY dword, TSS16_A + TSS16_ES + 4, (DS0 << 16) | DS0
    %ifidni %1, jmp
WANT_TYPE TSS16_A_SEL, PRESENT | TSS16_TYPE
    %else
WANT_MEMORY word, TSS_A + TSS_LINK, TSS16_A_SEL
WANT_FLAGS NT, 0
    %endif
%endmacro
SWITCH_FROM_16 jmp, {jmp TSS_A_SEL:0}
SWITCH_FROM_16 call, {call TSS_A_SEL:0}

END_OF_CHECKS
